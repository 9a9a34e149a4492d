// The one place where Beast is compiled; everybody else includes declarations.
// SPDX-License-Identifier: Apache-2.0
#include <boost/beast/src.hpp>
