// Images in two tables: what they are, and their bytes in rows of 64 KiB.
// SPDX-License-Identifier: Apache-2.0
#include "firmware/image_store.hpp"

namespace croft::firmware::images {
namespace {

constexpr db::Migration kMigrations[] = {
    {1,
     "CREATE TABLE firmware_images ("
     "  id TEXT PRIMARY KEY,"
     "  owner TEXT NOT NULL,"
     "  board TEXT NOT NULL,"
     "  version TEXT NOT NULL,"
     "  size BIGINT NOT NULL,"
     "  sha256 TEXT NOT NULL,"
     "  signature TEXT NOT NULL,"
     "  created BIGINT NOT NULL,"
     "  UNIQUE (owner, board, version));"
     "CREATE TABLE firmware_pieces ("
     "  image TEXT NOT NULL,"
     "  number BIGINT NOT NULL,"
     "  bytes {bytes} NOT NULL,"
     "  PRIMARY KEY (image, number))"},
};

#define CROFT_IMAGE_COLUMNS "id, owner, board, version, size, sha256, signature, created"

Stored stored_from(const db::Row& row) {
  return {row.string(0),  UserId(row.text(1)), row.string(2), row.string(3),
          row.integer(4), row.string(5),       row.string(6), row.instant(7)};
}

}  // namespace

std::span<const db::Migration> migrations() { return kMigrations; }

bool add(db::Connection& connection, const Stored& image, std::string_view bytes) {
  const auto added =
      connection.execute("INSERT INTO firmware_images (" CROFT_IMAGE_COLUMNS
                         ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
                         {image.id, image.owner, image.board, image.version, image.size,
                          image.sha256, image.signature, image.created});
  if (added == 0) return false;
  for (std::size_t number = 0; number * kRowBytes < bytes.size(); ++number) {
    const auto piece = bytes.substr(number * kRowBytes, kRowBytes);
    connection.execute("INSERT INTO firmware_pieces (image, number, bytes) VALUES ($1, $2, $3)",
                       {image.id, number, std::as_bytes(std::span(piece.data(), piece.size()))});
  }
  return true;
}

int count(db::Connection& connection, const UserId& owner) {
  return static_cast<int>(connection
                              .first("SELECT COUNT(*) FROM firmware_images WHERE owner = $1",
                                     {owner}, [](const db::Row& row) { return row.integer(0); })
                              .value_or(0));
}

std::vector<Stored> list(db::Connection& connection, const UserId& owner) {
  std::vector<Stored> found;
  connection.query("SELECT " CROFT_IMAGE_COLUMNS
                   " FROM firmware_images WHERE owner = $1 ORDER BY id DESC",
                   {owner}, [&](const db::Row& row) { found.push_back(stored_from(row)); });
  return found;
}

std::optional<Stored> find(db::Connection& connection, const std::string& id, const UserId& owner) {
  return connection.first("SELECT " CROFT_IMAGE_COLUMNS
                          " FROM firmware_images WHERE id = $1 AND owner = $2",
                          {id, owner}, stored_from);
}

bool remove(db::Connection& connection, const std::string& id, const UserId& owner) {
  if (connection.execute("DELETE FROM firmware_images WHERE id = $1 AND owner = $2", {id, owner}) ==
      0)
    return false;
  connection.execute("DELETE FROM firmware_pieces WHERE image = $1", {id});
  return true;
}

void forget(db::Connection& connection, const UserId& owner) {
  connection.execute(
      "DELETE FROM firmware_pieces WHERE image IN"
      " (SELECT id FROM firmware_images WHERE owner = $1)",
      {owner});
  connection.execute("DELETE FROM firmware_images WHERE owner = $1", {owner});
}

}  // namespace croft::firmware::images
