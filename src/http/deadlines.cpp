// The tick that looks for deadlines that have passed.
// SPDX-License-Identifier: Apache-2.0
#include "http/deadlines.hpp"

#include <utility>

namespace croft::http {

Deadline::Deadline(std::shared_ptr<Deadlines> owner)
    : owner_(std::move(owner)), place_(owner_->all_.size()) {
  owner_->all_.push_back(this);
}

Deadline::~Deadline() {
  auto& all = owner_->all_;
  all[place_] = all.back();
  all[place_]->place_ = place_;
  all.pop_back();
}

void Deadlines::stop() {
  stopped_ = true;
  timer_.cancel();
}

void Deadlines::arm() {
  timer_.expires_after(tick_);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code) {
    const auto self = weak.lock();
    if (!self || self->stopped_) return;
    self->look();
    self->arm();
  });
}

void Deadlines::look() {
  const auto now = Deadline::Clock::now();
  for (auto* deadline : all_) {
    if (deadline->at_ > now) continue;
    deadline->no_longer_due();
    deadline->expired();
  }
}

}  // namespace croft::http
