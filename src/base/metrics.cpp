// Metrics by way of prometheus-cpp's core.
// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>

namespace croft {
namespace {

std::string full(std::string_view name) { return "croft_" + std::string(name); }

std::map<std::string, std::string> as_map(const Labels& labels) {
  return {labels.begin(), labels.end()};
}

}  // namespace

Metrics::Metrics() : registry_(std::make_shared<prometheus::Registry>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  auto& family =
      prometheus::BuildCounter().Name(full(name)).Help(std::string(help)).Register(*registry_);
  return Counter(family.Add(as_map(labels)));
}

Gauge Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  auto& family =
      prometheus::BuildGauge().Name(full(name)).Help(std::string(help)).Register(*registry_);
  return Gauge(family.Add(as_map(labels)));
}

Histogram Metrics::seconds(std::string_view name, std::string_view help, const Labels& labels) {
  auto& family =
      prometheus::BuildHistogram().Name(full(name)).Help(std::string(help)).Register(*registry_);
  const prometheus::Histogram::BucketBoundaries buckets{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
  return Histogram(family.Add(as_map(labels), buckets));
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

void Counter::add(double by) { counter_->Increment(by); }
double Counter::value() const { return counter_->Value(); }
void Gauge::set(double value) { gauge_->Set(value); }
void Gauge::add(double by) { gauge_->Increment(by); }
void Histogram::observe(double value) { histogram_->Observe(value); }

}  // namespace croft
