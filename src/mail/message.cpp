// Writes messages: headers by RFC 5322 and 2047, the body in quoted-printable.
// SPDX-License-Identifier: Apache-2.0
#include "mail/message.hpp"

#include <date/tz.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace croft::mail {
namespace {

constexpr std::size_t kMostSubject = 150;     // characters
constexpr std::size_t kMostText = 64 * 1024;  // bytes
constexpr std::size_t kLine = 76;             // characters, as RFC 2045 and 2047 want
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kHex = "0123456789ABCDEF";

// One character of UTF-8 at the beginning of `text`: its bytes, or nothing when they are broken.
std::string_view character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return text.substr(0, 1);
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return {};
  const auto second = static_cast<unsigned char>(text[1]);
  const bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return wrong ? std::string_view() : text.substr(0, length);
}

// Characters that break lines, turn the direction of writing, or show nothing.
bool is_unwanted(std::string_view one) {
  const auto first = static_cast<unsigned char>(one[0]);
  if (one.size() == 1) return first < 0x20 || first == 0x7F;
  const auto second = static_cast<unsigned char>(one[1]);
  if (one.size() == 2) return first == 0xC2 && second < 0xA0;  // C1 controls
  if (one.size() != 3 || first != 0xE2) return false;
  const auto third = static_cast<unsigned char>(one[2]);
  if (second == 0x80) return (third >= 0x8B && third <= 0x8F) || (third >= 0xA8 && third <= 0xAE);
  return second == 0x81 && third >= 0xA0 && third <= 0xAF;
}

// The characters of a text, cleaned; `keep_lines` leaves '\n' and tabs.
std::vector<std::string_view> characters(std::string_view text, bool keep_lines) {
  std::vector<std::string_view> all;
  while (!text.empty()) {
    const auto one = character(text);
    text.remove_prefix(one.empty() ? 1 : one.size());
    if (one.empty())
      all.push_back(kReplacement);
    else if (keep_lines && (one == "\n" || one == "\t"))
      all.push_back(one);
    else
      all.push_back(is_unwanted(one) ? std::string_view(" ") : one);
  }
  return all;
}

void append_hex(std::string& out, char byte) {
  out += '=';
  out += kHex[static_cast<unsigned char>(byte) >> 4];
  out += kHex[static_cast<unsigned char>(byte) & 15];
}

// Breaks lines at spaces; every line but the last then starts with the space it was broken at.
std::string folded(const std::string& text, std::size_t used) {
  std::string out;
  std::size_t column = used;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find(' ', at + 1), text.size());  // a word with its space
    if (column + (end - at) > kLine && at > 0) {
      out += "\r\n";
      column = 0;
    }
    out.append(text, at, end - at);
    column += end - at;
    at = end;
  }
  return out;
}

// RFC 2047, "Q": each word whole characters, each line one word.
std::string encoded_words(const std::vector<std::string_view>& text, std::size_t used) {
  constexpr std::string_view kOpen = "=?utf-8?Q?";
  std::string out(kOpen);
  std::size_t column = used + kOpen.size();
  for (const auto one : text) {
    std::string word;
    for (const char c : one) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (plain)
        word += c;
      else if (c == ' ')
        word += '_';
      else
        append_hex(word, c);
    }
    if (column + word.size() + 2 > kLine) {
      out.append("?=\r\n ").append(kOpen);
      column = 1 + kOpen.size();
    }
    out += word;
    column += word.size();
  }
  return out + "?=";
}

void append_line(std::string& out, const std::vector<std::string_view>& line) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    std::string piece;
    for (const char c : line[i]) {
      const bool last = i + 1 == line.size();
      const bool plain = (c > ' ' && c < 0x7F && c != '=') || ((c == ' ' || c == '\t') && !last);
      // A dot alone would end the message where someone forgets to stuff it.
      if (plain && !(c == '.' && column == 0))
        piece += c;
      else
        append_hex(piece, c);
    }
    if (column + piece.size() >= kLine) {
      out += "=\r\n";
      column = 0;
      if (piece == ".") piece = "=2E";
    }
    out += piece;
    column += piece.size();
  }
  out += "\r\n";
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  std::vector<std::string_view> line;
  for (const auto one : characters(text.substr(0, kMostText), true)) {
    if (one != "\n") {
      line.push_back(one);
      continue;
    }
    append_line(out, line);
    line.clear();
  }
  if (!line.empty()) append_line(out, line);
  return out;
}

std::string date_header(Instant at, const std::string& timezone) {
  const date::sys_seconds utc{std::chrono::floor<std::chrono::seconds>(at).time_since_epoch()};
  if (timezone != "UTC") {
    try {
      return date::format("%a, %d %b %Y %H:%M:%S %z",
                          date::make_zoned(date::locate_zone(timezone), utc));
    } catch (const std::runtime_error&) {  // no such zone on this machine
    }
  }
  return date::format("%a, %d %b %Y %H:%M:%S +0000", utc);
}

std::string mailbox(const Mailbox& box) {
  if (box.name.empty()) return box.address;
  const auto shown = characters(box.name, false);
  return encoded_words(shown, 6) + "\r\n <" + box.address + ">";
}

}  // namespace

std::string header_text(std::string_view text, std::size_t used) {
  std::vector<std::string_view> kept;
  for (const auto one : characters(text, false))  // no space at the ends, nor two together
    if (one != " " || (!kept.empty() && kept.back() != " ")) kept.push_back(one);
  if (kept.size() > kMostSubject) {
    kept.resize(kMostSubject - 1);
    kept.push_back("\xE2\x80\xA6");  // an ellipsis
  }
  while (!kept.empty() && kept.back() == " ") kept.pop_back();
  std::string plain;
  for (const auto one : kept) plain += one;
  const bool ascii = std::all_of(plain.begin(), plain.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  // What looks like an encoded word must not be taken for one; a word too long cannot be folded.
  std::size_t longest = 0;
  for (std::size_t at = 0; at < plain.size(); at = std::min(plain.find(' ', at), plain.size()) + 1)
    longest = std::max(longest, std::min(plain.find(' ', at), plain.size()) - at);
  if (!ascii || plain.find("=?") != std::string::npos || longest + used + 1 > kLine)
    return encoded_words(kept, used);
  return folded(plain, used);
}

std::string write_message(const Message& message) {
  if (!is_address(message.to) || !is_address(message.from.address) ||
      message.message_id.find_first_of("\r\n ") != std::string::npos)
    throw std::logic_error("a message needs addresses that were checked");
  std::string out;
  const auto header = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  header("Date", date_header(message.date, message.timezone));
  header("From", mailbox(message.from));
  header("To", message.to);
  header("Message-ID", message.message_id);
  header("Subject", header_text(message.subject, 9));
  header("MIME-Version", "1.0");
  header("Content-Type", "text/plain; charset=utf-8");
  header("Content-Transfer-Encoding", "quoted-printable");
  header("Auto-Submitted", "auto-generated");
  header("X-Auto-Response-Suppress", "All");
  out += "\r\n";
  out += quoted_printable(message.text);
  return out;
}

}  // namespace croft::mail
