// Loads the configuration: file, environment, flags; one clear line per mistake.
// SPDX-License-Identifier: Apache-2.0
#include "app/config.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "base/json.hpp"
#include "mqtt/client.hpp"
#include "protocol/text.hpp"

namespace croft::app {
namespace {

// Levenshtein distance, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

const Setting* find_setting(std::string_view key) {
  for (const auto& setting : settings())
    if (setting.key == key) return &setting;
  return nullptr;
}

std::string unknown_key(const std::string& key) {
  const Setting* nearest = nullptr;
  std::size_t best = 4;
  for (const auto& setting : settings()) {
    const auto far = distance(key, setting.key);
    if (far < best) {
      best = far;
      nearest = &setting;
    }
  }
  auto text = key + " is not a key";
  if (nearest != nullptr) text += "; did you mean " + nearest->key + "?";
  return text;
}

// A TOML value as the text that `set` takes; nothing when its type cannot be right.
std::optional<std::string> as_text(const Setting& setting, const toml::node& node) {
  if (setting.list) {
    const auto* array = node.as_array();
    if (array == nullptr) return std::nullopt;
    std::string all;
    for (const auto& entry : *array) {
      const auto* text = entry.as_string();
      if (text == nullptr) return std::nullopt;
      all += (all.empty() ? "" : ",") + text->get();
    }
    return all;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  return std::nullopt;
}

class FileReader {
 public:
  FileReader(const std::filesystem::path& path, Loaded& into)
      : name_(path.filename().string()), into_(into) {}

  void read(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const auto full = prefix + std::string(key.str());
      if (full == "data.source")
        read_sources(node);
      else if (const auto* inner = node.as_table())
        read(*inner, full + ".");
      else
        read_value(full, node);
    }
  }
  void mistake(const toml::source_region& where, const std::string& what) {
    mistakes_.emplace(where.begin.line, what);
  }
  // The table is in the order of its keys; people read their file from the top.
  void report() const {
    for (const auto& [line, what] : mistakes_)
      into_.mistakes.push_back(name_ + ":" + std::to_string(line) + ": " + what);
  }

 private:
  void read_value(const std::string& key, const toml::node& node) {
    const auto* setting = find_setting(key);
    if (setting == nullptr) {
      mistake(node.source(), unknown_key(key));
      return;
    }
    const auto text = as_text(*setting, node);
    if (!text) {
      mistake(node.source(), key + " must be " + setting->takes);
      return;
    }
    const auto wrong = setting->set(into_.config, *text);
    if (!wrong.empty()) mistake(node.source(), key + " " + wrong);
  }

  void read_sources(const toml::node& node) {
    const auto* array = node.as_array();
    if (array == nullptr) {
      mistake(node.source(), "data.source must be written as [[data.source]]");
      return;
    }
    for (const auto& entry : *array) read_source(entry);
  }

  void read_source(const toml::node& entry) {
    const auto* table = entry.as_table();
    if (table == nullptr) {
      mistake(entry.source(), "data.source must be written as [[data.source]]");
      return;
    }
    for (const auto& [key, node] : *table)
      if (key.str() != "topic" && key.str() != "device")
        mistake(node.source(), "data.source." + std::string(key.str()) +
                                   " is not a key; a source has topic and device");
    const auto topic = (*table)["topic"].value<std::string>();
    const auto device = (*table)["device"].value<std::string>();
    if (!topic || !mqtt::valid_filter(*topic))
      mistake(entry.source(), "data.source.topic must be an MQTT topic such as \"/exp/sensor\"");
    else if (mqtt::matches(*topic, "croft/v1/x/telemetry") || topic->starts_with("croft/"))
      mistake(entry.source(),
              "data.source.topic must lie outside of croft/, which is every "
              "device's own already");
    else if (!device || !protocol::is_device_id(*device))
      mistake(entry.source(), "data.source.device must be the id of a device");
    else
      into_.config.data.sources.push_back({*topic, DeviceId(*device)});
  }

  std::string name_;
  Loaded& into_;
  std::multimap<toml::source_index, std::string> mistakes_;  // by line
};

void read_file(const std::filesystem::path& path, Loaded& into) {
  if (!std::filesystem::exists(path)) {
    into.mistakes.push_back(path.string() + ": there is no such file");
    return;
  }
  FileReader reader(path, into);
  try {
    reader.read(toml::parse_file(path.string()), "");
  } catch (const toml::parse_error& error) {
    reader.mistake(error.source(), std::string(error.description()));
  }
  reader.report();
}

void read_environment(const std::function<const char*(const char*)>& environment, Loaded& into) {
  for (const auto& setting : settings()) {
    const auto name = setting.environment();
    std::optional<std::string> value;
    if (const char* text = environment(name.c_str())) value = text;
    const auto file_name = name + "_FILE";
    if (const char* path = environment(file_name.c_str()); path != nullptr && !value) {
      std::ifstream in(path);
      if (!in) {
        into.mistakes.push_back(file_name + ": cannot read " + path);
        continue;
      }
      value.emplace(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      while (!value->empty() && (value->back() == '\n' || value->back() == '\r')) value->pop_back();
    }
    if (!value) continue;
    const auto wrong = setting.set(into.config, *value);
    if (!wrong.empty()) into.mistakes.push_back(name + ": " + setting.key + " " + wrong);
  }
}

}  // namespace

Loaded load_config(const std::optional<std::filesystem::path>& file,
                   const std::function<const char*(const char*)>& environment,
                   const std::map<std::string, std::string>& flags, Config defaults) {
  Loaded loaded{std::move(defaults), {}};
  if (file) read_file(*file, loaded);
  read_environment(environment, loaded);
  for (const auto& [key, value] : flags) {
    const auto& setting = *find_setting(key);
    const auto wrong = setting.set(loaded.config, value);
    if (!wrong.empty()) loaded.mistakes.push_back(setting.flag() + ": " + key + " " + wrong);
  }
  return loaded;
}

std::string print_config(const Config& config) {
  std::string out;
  std::string section;
  for (const auto& setting : settings()) {
    const auto dot = setting.key.find('.');
    const auto in = dot == std::string::npos ? "" : setting.key.substr(0, dot);
    if (in != section) {
      out += "\n[" + in + "]\n";
      section = in;
    }
    out += setting.key.substr(dot == std::string::npos ? 0 : dot + 1) + " = ";
    auto value = setting.get(config);
    if (setting.list) {
      out += '[';
      for (std::size_t at = 0; at < value.size();) {
        const auto comma = std::min(value.find(',', at), value.size());
        if (at > 0) out += ", ";
        append_json_string(out, value.substr(at, comma - at));
        at = comma + 1;
      }
      out += "]\n";
      continue;
    }
    if (setting.secret && !value.empty()) value = "********";
    append_json_string(out, value);
    out += '\n';
  }
  for (const auto& source : config.data.sources) {
    out += "\n[[data.source]]\ntopic = ";
    append_json_string(out, source.topic);
    out += "\ndevice = ";
    append_json_string(out, source.device.str());
    out += '\n';
  }
  return out;
}

}  // namespace croft::app
