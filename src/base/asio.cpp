// The one place where Asio is compiled; everybody else includes declarations.
// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/impl/src.hpp>
