// Who may log in and who may write or hear what: decisions only, no broker.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/guard/accounts.hpp"
#include "broker/guard/table.hpp"

namespace croft::broker::guard {

enum class Refusal {
  none,
  unknown,          // not somebody we know: nobody to tell about it
  bad_credentials,  // a known device with a wrong secret
  client_id_taken,  // a client id that is another device's, or a service's
  topic_not_allowed,
  too_large,
};
// As reports say it: "topicNotAllowed".
std::string_view to_string(Refusal refusal);

struct Rules {
  Accounts accounts;  // of the platform's own services
  // Topics granted by the broker's configuration, whatever the table says: device, filter.
  std::vector<std::pair<std::string, std::string>> grants;
  Table table;
  // Client ids that are no device's name belong to the device that used them first, so that no
  // stranger takes its session: client id, device.
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> claims;

  // The roles of one of the platform's own accounts; 0 for everybody else.
  Roles roles_of(std::string_view user) const;

  // A login. Texts are as the broker has them; absent ones are empty. Marks a device as seen.
  Refusal log_in(std::string_view user, std::string_view secret, std::string_view client_id);
  // A PUBLISH, a will included.
  Refusal may_write(std::string_view user, std::string_view topic, std::size_t bytes) const;
  // A SUBSCRIBE, and each message before it is delivered. Devices name their topics exactly: no
  // wildcard, no $share.
  Refusal may_hear(std::string_view user, std::string_view topic) const;

 private:
  Refusal log_in_service(const Account&, std::string_view user, const Hash& hash,
                         std::string_view client_id) const;
  bool claim(Device& device, std::string_view user, std::string_view client_id);
};

constexpr std::size_t kMostClaims = 16;  // of one device; then its oldest is free again
constexpr std::size_t kMostClientIdBytes = 256;

}  // namespace croft::broker::guard
