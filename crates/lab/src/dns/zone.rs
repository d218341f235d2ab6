//! What names mean: a table that can be replaced as a whole while servers read it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use hickory_proto::rr::rdata::SRV;
use hickory_proto::rr::{LowerName, Name, RData, RecordType};

/// A text that is no domain name (RFC 1035).
#[derive(Debug, thiserror::Error)]
#[error("{name:?} is not a domain name: {source}")]
pub struct NameError {
    /// The text.
    pub name: String,
    /// What is wrong with it.
    pub source: hickory_proto::ProtoError,
}

/// Names and their records. A name above one that has records exists too, without any.
#[derive(Debug, Clone, Default)]
pub struct Zone {
    records: HashMap<LowerName, Vec<RData>>,
    existing: HashSet<LowerName>,
}

/// What a zone says to a question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Records of the asked type; none if the name has only others.
    Records(Vec<RData>),
    /// There is no such name.
    NoSuchName,
}

impl Zone {
    /// An empty zone: no name exists.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `name`, taken as absolute, have `addresses` too (A and AAAA). Without any, the name exists and is empty.
    pub fn add_addresses(&mut self, name: &str, addresses: &[IpAddr]) -> Result<(), NameError> {
        self.add(
            name,
            addresses.iter().map(|address| match address {
                IpAddr::V4(address) => RData::A((*address).into()),
                IpAddr::V6(address) => RData::AAAA((*address).into()),
            }),
        )
    }

    /// Lets `name`, for instance `_http._tcp.web.shop.svc.cluster.local`, point to a port of `target` (SRV, RFC 2782).
    pub fn add_service(&mut self, name: &str, port: u16, target: &str) -> Result<(), NameError> {
        let target = absolute(target)?;
        self.add(name, [RData::SRV(SRV::new(0, 100, port, target))])
    }

    fn add(&mut self, name: &str, records: impl IntoIterator<Item = RData>) -> Result<(), NameError> {
        let name = absolute(name)?;
        self.records.entry(LowerName::new(&name)).or_default().extend(records);
        let mut above = name;
        while self.existing.insert(LowerName::new(&above)) && !above.is_root() {
            above = above.base_name();
        }
        Ok(())
    }

    pub(crate) fn find(&self, name: &Name, kind: RecordType) -> Found {
        let name = LowerName::new(name);
        if !self.existing.contains(&name) {
            return Found::NoSuchName;
        }
        let all = self.records.get(&name).into_iter().flatten();
        Found::Records(all.filter(|record| record.record_type() == kind).cloned().collect())
    }
}

pub(super) fn absolute(name: &str) -> Result<Name, NameError> {
    let mut parsed = Name::from_ascii(name).map_err(|source| NameError { name: name.to_owned(), source })?;
    parsed.set_fqdn(true);
    Ok(parsed)
}

/// A zone that servers read and others replace.
#[derive(Debug, Clone, Default)]
pub struct SharedZone(Arc<RwLock<Arc<Zone>>>);

impl SharedZone {
    /// Shares `zone`.
    pub fn new(zone: Zone) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(zone))))
    }

    /// From now on, all answers come from `zone`.
    pub fn replace(&self, zone: Zone) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(zone);
    }

    pub(crate) fn now(&self) -> Arc<Zone> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_exist_and_be_empty() {
        let mut zone = Zone::new();
        zone.add_addresses("web.shop.svc.cluster.local", &["10.96.0.1".parse().unwrap()]).unwrap();
        let find = |name: &str, kind| zone.find(&absolute(name).unwrap(), kind);
        assert!(
            matches!(find("WEB.shop.svc.cluster.local", RecordType::A), Found::Records(r) if r.len() == 1)
        );
        assert_eq!(find("web.shop.svc.cluster.local", RecordType::AAAA), Found::Records(vec![]));
        assert_eq!(find("shop.svc.cluster.local", RecordType::A), Found::Records(vec![]));
        assert_eq!(find("api.shop.svc.cluster.local", RecordType::A), Found::NoSuchName);
    }
}
