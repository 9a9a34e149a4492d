// The limits of Croft's device protocol, the same numbers for nodes and platform.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace croft::protocol {

constexpr std::size_t kMaxDeviceIdBytes = 64;
constexpr std::size_t kMaxNameBytes = 64;     // a measurement's or actuator's name
constexpr std::size_t kMaxMeasurements = 64;  // in one reading
constexpr std::size_t kMaxReadings = 1000;    // in one message
constexpr std::size_t kMaxPayloadBytes = 64 * 1024;
constexpr std::size_t kMaxAckRanges = 64;  // in one telemetry/ack
constexpr std::size_t kMaxCommandIdBytes = 64;
constexpr std::size_t kMaxReasonBytes = 128;  // of a refused command; longer text is cut
constexpr std::size_t kMaxActuators = 16;     // in one state payload
constexpr std::uint32_t kMaxForSeconds = 31u * 24 * 3600;

constexpr std::size_t kMaxFirmwareWordBytes = 32;       // a version's or a board's name
constexpr std::size_t kUpdateIdBytes = 16;              // twice as many as hexadecimal digits
constexpr std::uint32_t kMaxImageBytes = 1023u * 1024;  // what an ESP8266 has room for is less
constexpr std::uint32_t kMaxChunkBytes = 1024;          // of an image, in one message
constexpr std::size_t kMaxUpdateReasonBytes = 64;       // why an update failed; longer text is cut

/// Instants are milliseconds since 1970-01-01T00:00:00Z, from year 0000 to year 9999.
constexpr std::int64_t kMinEpochMs = -62167219200000;
constexpr std::int64_t kMaxEpochMs = 253402300799999;

}  // namespace croft::protocol
