//! Links as told by whoever plugs pods in, kept for the agent that comes next.
//!
//! They are kept beside the socket, in a directory that a reboot empties as it takes the links away.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io};

use podfence_model::NamespacedName;
use podfence_plan::Link;

use crate::behind::{Behind, Written};
use crate::local::Request;

/// So long after one try to keep links comes the next.
const AGAIN: Duration = Duration::from_secs(1);

/// A pod that was plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugged {
    /// The pod.
    pub pod: NamespacedName,
    /// The host's end of its link.
    pub link: Link,
    /// The runtime's name for the pod's sandbox, where a runtime told: a pod of the same name may come in another one.
    pub container: Option<String>,
    /// The addresses it was given, where that was told, as long as its object does not state them.
    pub addresses: Vec<IpAddr>,
    /// The network that it is attached to by this link, where that was told.
    pub network: Option<String>,
}

/// What a pod is unplugged from, as far as whoever does it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    /// The runtime's name for the sandbox.
    pub container: Option<String>,
    /// The network's name.
    pub network: Option<String>,
}

impl Attachment {
    /// Whether a pod is known to be plugged into something else.
    fn is_other_than(&self, plugged: &Plugged) -> bool {
        let differ = |known: &Option<String>, going: &Option<String>| {
            known.as_deref().zip(going.as_deref()).is_some_and(|(known, going)| known != going)
        };
        differ(&plugged.container, &self.container) || differ(&plugged.network, &self.network)
    }
}

/// Links that were told, by pod.
#[derive(Debug, Default)]
pub struct Told {
    known: BTreeMap<NamespacedName, Plugged>,
    /// Of those that were told to this agent, the ones that nobody has seen on the node yet: a link may be told before it is made.
    unseen: BTreeSet<NamespacedName>,
    kept: Option<Kept>,
    next_try: Option<Instant>,
}

/// The file that is written for the next agent.
#[derive(Debug)]
struct Kept {
    /// What it should hold, until that is written. What is wished later is written in place of what still waits.
    text: Arc<Mutex<Option<String>>>,
    file: Behind<()>,
}

impl Kept {
    fn new(path: &Path) -> Self {
        let text = Arc::<Mutex<Option<String>>>::default();
        let (wished, target) = (text.clone(), path.to_owned());
        let write = move |()| {
            let text = lock(&wished).take();
            text.map_or(Ok(()), |text| replace(&target, &text))
        };
        Self { text, file: Behind::new(("links for the next agent", path), 1, write) }
    }

    fn put(&mut self, text: String) {
        *lock(&self.text) = Some(text);
        let _ = self.file.put(()); // no room: a write that has not begun takes this text
    }
}

fn lock(text: &Mutex<Option<String>>) -> MutexGuard<'_, Option<String>> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a file as a whole or not at all.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let beside = file.with_extension("new");
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, file));
    if written.is_err() {
        _ = fs::remove_file(beside); // half of it is of use to nobody
    }
    written
}

impl Told {
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
        let unseen = known.keys().cloned().collect();
        for (pod, link) in known {
            let plugged =
                Plugged { pod: pod.clone(), link, container: None, addresses: Vec::new(), network: None };
            all.insert(pod, plugged);
        }
        Ok(Self { known: all, unseen, kept: Some(Kept::new(file)), next_try: None })
    }

    /// All of them.
    pub fn all(&self) -> BTreeMap<NamespacedName, Link> {
        self.known.iter().map(|(pod, plugged)| (pod.clone(), plugged.link.clone())).collect()
    }

    /// Whether a pod's link was told.
    pub fn knows(&self, pod: &NamespacedName) -> bool {
        self.known.contains_key(pod)
    }

    /// Enters a pod's link.
    pub fn insert(&mut self, plugged: Plugged) {
        self.unseen.insert(plugged.pod.clone());
        self.known.insert(plugged.pod.clone(), plugged);
        self.keep();
    }

    /// The addresses that are lent to a pod; none where none are.
    pub fn lent_to(&self, pod: &NamespacedName) -> &[IpAddr] {
        self.known.get(pod).map_or(&[], |plugged| &plugged.addresses)
    }

    /// All addresses that are lent.
    pub fn loans(&self) -> Vec<(NamespacedName, Vec<IpAddr>)> {
        let lent = self.known.iter().filter(|(_, plugged)| !plugged.addresses.is_empty());
        lent.map(|(pod, plugged)| (pod.clone(), plugged.addresses.clone())).collect()
    }

    /// Forgets the addresses that are lent to a pod, if any are.
    pub fn end_loan(&mut self, pod: &NamespacedName) {
        if let Some(plugged) = self.known.get_mut(pod).filter(|plugged| !plugged.addresses.is_empty()) {
            plugged.addresses.clear();
            self.keep();
        }
    }

    /// Forgets a pod's link, unless the pod is by now in another sandbox than the one that goes, or its link is of another network;
    /// whether it did.
    pub fn remove(&mut self, pod: &NamespacedName, going: &Attachment) -> bool {
        if self.known.get(pod).is_none_or(|known| going.is_other_than(known)) {
            return false;
        }
        self.known.remove(pod);
        self.unseen.remove(pod);
        self.keep();
        true
    }

    /// The pods of a network whose sandbox is none of these. Of a pod that no runtime told of nobody knows the sandbox.
    pub fn in_no_other_than(
        &self,
        containers: &BTreeSet<String>,
        network: Option<&str>,
    ) -> Vec<NamespacedName> {
        let of_network = self.known.values().filter(|plugged| plugged.network.as_deref() == network);
        let gone =
            |plugged: &&Plugged| plugged.container.as_ref().is_some_and(|own| !containers.contains(own));
        of_network.filter(gone).map(|plugged| plugged.pod.clone()).collect()
    }

    /// The pods whose link is none of those that the node has, and was there before: nobody told that they were unplugged.
    pub fn on_none_of(&mut self, links: &BTreeSet<String>) -> Vec<NamespacedName> {
        let known = &self.known;
        let is_there = |pod: &NamespacedName| {
            known.get(pod).is_some_and(|plugged| links.contains(plugged.link.names().0))
        };
        self.unseen.retain(|pod| !is_there(pod));
        let gone = known.keys().filter(|pod| !is_there(pod) && !self.unseen.contains(*pod));
        gone.cloned().collect()
    }

    /// Why they cannot be kept, as long as they cannot.
    pub fn unwritten(&self) -> Option<String> {
        self.kept.as_ref()?.file.why()
    }

    /// For those who wait until what is known is kept.
    pub fn written(&self) -> Written {
        self.kept.as_ref().map(|kept| kept.file.written()).unwrap_or_default()
    }

    /// When [`Self::keep_again`] has something to do.
    pub fn next_try(&self) -> Option<Instant> {
        self.next_try
    }

    /// Writes what could not be written before, if it is time.
    pub fn keep_again(&mut self, now: Instant) {
        if self.next_try.is_none_or(|due| due > now) {
            return;
        }
        let Some(kept) = &self.kept else { return };
        match (kept.file.is_idle(), kept.file.why()) {
            (true, None) => self.next_try = None,
            (true, Some(_)) => self.keep(),
            (false, _) => self.next_try = Some(now + AGAIN),
        }
    }

    /// Has the file written, as a whole or not at all. That it cannot be written is told; links are known all the same.
    fn keep(&mut self) {
        let Some(kept) = &mut self.kept else { return };
        kept.put(write(&self.known));
        self.next_try = Some(Instant::now() + AGAIN);
    }
}

/// A line for each link, in the words of the local socket.
fn write(known: &BTreeMap<NamespacedName, Plugged>) -> String {
    let line =
        |plugged: &Plugged| serde_json::to_string(&Request::from(plugged.clone())).map(|line| line + "\n");
    known.values().flat_map(line).collect() // texts and numbers can always be written
}

fn read(text: &str) -> io::Result<BTreeMap<NamespacedName, Plugged>> {
    let mut known = BTreeMap::new();
    for line in text.lines() {
        let request: Request = serde_json::from_str(line)?;
        known.extend(request.plugged().map(|plugged| (plugged.pod.clone(), plugged)));
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugged(name: &str, link: Link, container: Option<&str>) -> Plugged {
        let (pod, container) = (NamespacedName::new("shop", name), container.map(Into::into));
        Plugged { pod, link, container, addresses: vec![[10, 0, 0, 1].into()], network: None }
    }

    fn routed(name: &str) -> Link {
        Link::Routed(name.into())
    }

    #[test]
    fn what_one_agent_was_told_the_next_one_knows() {
        let file = std::env::temp_dir().join(format!("podfence-links-{}", std::process::id()));
        let pod = |name: &str| NamespacedName::new("shop", name);
        let bridged = Link::Bridged { bridge: "cni0".into(), port: "veth2".into() };
        let mut first = Told::kept(&file, BTreeMap::new()).unwrap();
        first.insert(plugged("web", routed("veth1"), None));
        first.insert(plugged("db", bridged.clone(), Some("c1")));
        first.insert(plugged("gone", routed("veth3"), None));
        let any = Attachment::default();
        assert!(first.remove(&pod("gone"), &any) && !first.remove(&pod("gone"), &any));
        first.written().wait(AGAIN);
        let told = BTreeMap::from([(pod("web"), routed("veth9"))]);
        let mut next = Told::kept(&file, told).unwrap();
        let expected = [(pod("db"), bridged), (pod("web"), routed("veth9"))];
        assert_eq!(next.all(), BTreeMap::from(expected), "what is told at the start counts more");
        assert_eq!(next.loans(), [(pod("db"), vec![IpAddr::from([10, 0, 0, 1])])]);
        next.end_loan(&pod("db"));
        next.written().wait(AGAIN);
        assert_eq!(Told::kept(&file, BTreeMap::new()).unwrap().loans(), []);
        let old = Attachment { container: Some("c0".into()), network: None };
        assert!(!next.remove(&pod("db"), &old), "an old sandbox");
        assert_eq!(next.in_no_other_than(&["c1".into()].into(), None), []);
        assert_eq!(next.in_no_other_than(&["c2".into()].into(), None), [pod("db")]);
        fs::write(&file, "not json\n").unwrap();
        assert!(Told::kept(&file, BTreeMap::new()).is_err(), "half a file is not believed");
        fs::remove_file(file).unwrap();
    }
    #[test]
    fn what_one_network_says_is_not_of_another() {
        let mut told = Told::default();
        let pod = |name: &str| NamespacedName::new("shop", name);
        let of = |name: &str, network: Option<&str>| {
            let network = network.map(Into::into);
            Plugged { network, ..plugged(name, routed(name), Some("c1")) }
        };
        for one in [of("web", Some("pods")), of("db", Some("storage")), of("old", None)] {
            told.insert(one);
        }
        assert_eq!(told.in_no_other_than(&BTreeSet::new(), Some("pods")), [pod("web")]);
        assert_eq!(told.in_no_other_than(&BTreeSet::new(), Some("storage")), [pod("db")]);
        assert_eq!(told.in_no_other_than(&BTreeSet::new(), None), [pod("old")], "of an old plugin");
        let storage = Attachment { container: Some("c1".into()), network: Some("storage".into()) };
        assert!(!told.remove(&pod("web"), &storage), "it is detached from another network");
        assert!(told.remove(&pod("db"), &storage) && told.remove(&pod("old"), &storage));
        let before = r#"{"ask":"plug","namespace":"shop","pod":"web","interface":"veth1"}"#;
        assert_eq!(read(before).unwrap()[&pod("web")].network, None, "a file of an earlier version");
    }

    #[test]
    fn a_link_that_was_there_and_has_gone_is_known() {
        let mut told = Told::default();
        let on = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        told.insert(plugged("web", routed("veth1"), None));
        assert_eq!(told.on_none_of(&on(&["eth0"])), [], "told before it is made");
        assert_eq!(told.on_none_of(&on(&["eth0", "veth1"])), []);
        assert_eq!(told.on_none_of(&on(&["eth0"])), [NamespacedName::new("shop", "web")]);
        told.insert(plugged("web", routed("veth2"), None));
        assert_eq!(told.on_none_of(&on(&["eth0"])), [], "plugged in anew");
    }
}
