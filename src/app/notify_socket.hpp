// Telling the service manager that started us (systemd, Type=notify) how far we are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace croft::app {

// Remembers where to tell and takes it out of the environment: our broker would tell, too. Before
// anything is started.
void take_notify_socket();

// "READY=1" once everything answers, "STOPPING=1" when the end begins. Does nothing when nobody
// asked to be told.
void tell_notify_socket(std::string_view state);

}  // namespace croft::app
