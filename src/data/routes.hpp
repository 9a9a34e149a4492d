// The data service's HTTP: readings as lists, files and charts, and what was refused.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "data/names.hpp"
#include "data/parameters.hpp"
#include "data/scan.hpp"
#include "data/time_range.hpp"
#include "db/database.hpp"
#include "http/router.hpp"
#include "model/device.hpp"

namespace croft::data {

// Everybody sees their own devices only; another's and an unknown one are equally not there.
class Routes {
 public:
  struct Needs {
    db::Database& db;
    Names& names;
    const DeviceDirectory& directory;
    const Clock& clock;
  };
  explicit Routes(Needs needs) : needs_(needs) {}

  void mount(http::Router&);

 private:
  Task<http::Response> all(http::Request&);
  Task<http::Response> last(http::Request&);
  Task<http::Response> by_date(http::Request&);
  Task<http::Response> series(http::Request&);
  Task<http::Response> refused(http::Request&);
  Task<http::Response> preview(http::Request&);

  Task<http::Response> list(http::Request&, Parameters&, TimeRange);
  Result<std::vector<DeviceId>> devices(const http::Request&, const Parameters&) const;
  std::function<bool(const DeviceId&)> ownership(const http::Request&) const;

  Needs needs_;
};

}  // namespace croft::data
