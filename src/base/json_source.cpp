// The one place where Boost.JSON is compiled.
// SPDX-License-Identifier: Apache-2.0
#include <boost/json/src.hpp>
