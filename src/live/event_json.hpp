// Events as the live view shows them: {"type":"command",...}.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "live/feed.hpp"

namespace croft::live {

std::string event_json(const CommandChanged&);
std::string event_json(const TimedChanged&);
std::string event_json(const AlertChanged&);

}  // namespace croft::live
