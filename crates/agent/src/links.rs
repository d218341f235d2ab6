//! Which link each pod has, as told by whoever plugs pods in, and kept for the agent that comes next.
//!
//! They are kept beside the socket, in a directory that a reboot empties as it takes the links away.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use podfence_model::NamespacedName;
use podfence_plan::Link;

use crate::local::Request;

/// Links by pod.
#[derive(Debug, Default)]
pub struct Links {
    known: BTreeMap<NamespacedName, Link>,
    file: Option<PathBuf>,
}

impl Links {
    /// Links that are known from the start, and those that an earlier agent kept in a file.
    ///
    /// # Errors
    /// When there is such a file and it cannot be read. One that does not exist is no error.
    pub fn kept(file: &Path, known: BTreeMap<NamespacedName, Link>) -> io::Result<Self> {
        let mut all = match fs::read_to_string(file) {
            Ok(text) => read(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        all.extend(known);
        Ok(Self { known: all, file: Some(file.to_owned()) })
    }

    /// All of them.
    pub fn all(&self) -> &BTreeMap<NamespacedName, Link> {
        &self.known
    }

    /// Enters a pod's link.
    pub fn insert(&mut self, pod: NamespacedName, link: Link) {
        self.known.insert(pod, link);
        self.keep();
    }

    /// Forgets a pod's link.
    pub fn remove(&mut self, pod: &NamespacedName) {
        if self.known.remove(pod).is_some() {
            self.keep();
        }
    }

    /// Writes the file, as a whole or not at all. That it cannot be written is told; links are known all the same.
    fn keep(&self) {
        let Some(file) = &self.file else { return };
        let beside = file.with_extension("new");
        let written = write(&self.known).and_then(|text| fs::write(&beside, text));
        if let Err(error) = written.and_then(|()| fs::rename(&beside, file)) {
            tracing::error!(%error, file = %file.display(), "links cannot be kept: the next agent will not know them");
        }
    }
}

/// A line for each link, in the words of the local socket.
fn write(links: &BTreeMap<NamespacedName, Link>) -> io::Result<String> {
    let line = |(pod, link)| Ok(serde_json::to_string(&Request::plug(pod, link))? + "\n");
    links.iter().map(line).collect()
}

fn read(text: &str) -> io::Result<BTreeMap<NamespacedName, Link>> {
    let mut links = BTreeMap::new();
    for line in text.lines() {
        let request: Request = serde_json::from_str(line)?;
        links.extend(request.plugged());
    }
    Ok(links)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_agent_was_told_the_next_one_knows() {
        let file = std::env::temp_dir().join(format!("podfence-links-{}", std::process::id()));
        let pod = |name: &str| NamespacedName::new("shop", name);
        let bridged = Link::Bridged { bridge: "cni0".into(), port: "veth2".into() };
        let mut first = Links::kept(&file, BTreeMap::new()).unwrap();
        first.insert(pod("web"), Link::Routed("veth1".into()));
        first.insert(pod("db"), bridged.clone());
        first.insert(pod("gone"), Link::Routed("veth3".into()));
        first.remove(&pod("gone"));
        let told = BTreeMap::from([(pod("web"), Link::Routed("veth9".into()))]);
        let next = Links::kept(&file, told).unwrap();
        let expected = [(pod("db"), bridged), (pod("web"), Link::Routed("veth9".into()))];
        assert_eq!(*next.all(), BTreeMap::from(expected), "what is told at the start counts more");
        fs::write(&file, "not json\n").unwrap();
        assert!(Links::kept(&file, BTreeMap::new()).is_err(), "half a file is not believed");
        fs::remove_file(file).unwrap();
    }
}
