//! A sample as `OpenMetrics` text.

use std::fmt;
use std::fs;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::Sample;
use super::table::{Metric, Shape};

/// These metrics of a sample, as OpenMetrics text.
///
/// # Errors
/// Never, as long as a text has room to grow.
pub fn write(sample: Arc<Sample>, metrics: &'static [Metric]) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("podfence");
    registry.register_collector(Box::new(Page { sample, metrics }));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Page {
    sample: Arc<Sample>,
    metrics: &'static [Metric],
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.metrics.iter().try_for_each(|metric| {
            let (kind, unit) = metric.shape.kind();
            let encoder = encoder.encode_descriptor(metric.name, metric.about, unit.as_ref(), kind)?;
            metric.shape.encode(&self.sample, encoder)
        })
    }
}

impl Shape {
    fn kind(self) -> (MetricType, Option<Unit>) {
        match self {
            Self::Gauge(_) => (MetricType::Gauge, None),
            Self::Seconds(_) => (MetricType::Gauge, Some(Unit::Seconds)),
            Self::Counter(_) | Self::Refusals => (MetricType::Counter, None),
            Self::Latency(_) => (MetricType::Histogram, Some(Unit::Seconds)),
            Self::Build => (MetricType::Info, None),
            Self::Memory => (MetricType::Gauge, Some(Unit::Bytes)),
        }
    }

    fn encode(self, sample: &Sample, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        match self {
            Self::Gauge(value) => encoder.encode_gauge(&value(sample)),
            Self::Seconds(value) => encoder.encode_gauge(&value(sample)),
            Self::Memory => encoder.encode_gauge(&resident_bytes().unwrap_or_default()),
            Self::Counter(value) => {
                encoder.encode_counter::<NoLabelSet, _, f64>(&value(&sample.status.done), None)
            }
            Self::Latency(value) => {
                let latency = value(sample);
                encoder.encode_histogram::<NoLabelSet>(latency.sum, latency.count, &latency.buckets(), None)
            }
            Self::Build => {
                let (version, node) = (sample.status.version.as_str(), sample.status.node.as_str());
                encoder.encode_info(&[("version", version), ("node", node)])
            }
            Self::Refusals => sample.refusals.all().try_for_each(|(reason, namespace, packets)| {
                let labels = [("reason", reason), ("namespace", namespace)];
                encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&packets, None)
            }),
        }
    }
}

/// What the process holds in memory; proc(5), `statm`.
fn resident_bytes() -> Option<u64> {
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok()??;
    pages.checked_mul(u64::try_from(size).ok()?)
}
