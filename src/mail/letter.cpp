// Words one mail out of many.
// SPDX-License-Identifier: Apache-2.0
#include "mail/letter.hpp"

#include "mail/wording.hpp"

namespace croft::mail {
namespace {

// 12345 -> "12,345"
std::string count(std::int64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string kinds_of(const Bundle& bundle) {
  std::string out;
  for (const auto& [kind, number] : bundle.kinds) {
    if (!out.empty()) out += ", ";
    out += count(number) + " " + kind + (kind == "alert" && number != 1 ? "s" : "");
  }
  return out;
}

std::string one_line(const Waiting& mail) {
  auto subject = mail.subject.substr(0, 200);
  for (auto& c : subject)
    if (c == '\n' || c == '\r') c = ' ';
  return subject;
}

void append_list(std::string& text, const Bundle& bundle) {
  const auto& first = bundle.first.front();
  text = count(bundle.mails) + " messages between " + local_time(first.created, first.timezone) +
         " and " + local_time(bundle.newest, first.timezone) + ".\n";
  const auto kinds = kinds_of(bundle);
  text += bundle.mails == bundle.kept ? kinds + ".\n\n"
                                      : "Of the first " + count(bundle.kept) + ": " + kinds +
                                            ". The others were only counted.\n\n";
  for (const auto& mail : bundle.first)
    text += "- " + one_line(mail) + "\n  " + local_time(mail.created, mail.timezone) + "\n";
  const auto untold = bundle.mails - static_cast<std::int64_t>(bundle.first.size());
  if (untold > 0) text += "... and " + count(untold) + " more.\n";
}

}  // namespace

Draft draft(const Bundle& bundle, const std::string& public_url) {
  const auto& first = bundle.first.front();
  Draft letter{first.subject, first.text};
  if (bundle.mails > 1) {
    letter.subject = one_line(first);
    if (letter.subject.size() > 120) letter.subject.resize(120);
    letter.subject += " (and " + count(bundle.mails - 1) + " more)";
    append_list(letter.text, bundle);
  }
  if (!public_url.empty()) letter.text += "\n" + public_url + "\n";
  return letter;
}

}  // namespace croft::mail
