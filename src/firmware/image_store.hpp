// SQL of images and their bytes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "db/migrations.hpp"
#include "firmware/image.hpp"

namespace croft::firmware::images {

std::span<const db::Migration> migrations();

struct Stored {
  std::string id;
  UserId owner;
  std::string board;
  std::string version;
  std::int64_t size = 0;
  std::string sha256;
  std::string signature;
  Instant created;
};

constexpr int kMostOfOne = 50;  // images of one owner
// Of an image in one row, so that no more than that is in memory to serve a piece.
constexpr std::size_t kRowBytes = 64 * 1024;

// False when its owner has this version for this board already, then nothing is done.
bool add(db::Connection&, const Stored&, std::string_view bytes);
int count(db::Connection&, const UserId& owner);
std::vector<Stored> list(db::Connection&, const UserId& owner);  // newest first
std::optional<Stored> find(db::Connection&, const std::string& id, const UserId& owner);
bool remove(db::Connection&, const std::string& id, const UserId& owner);
void forget(db::Connection&, const UserId& owner);

}  // namespace croft::firmware::images
