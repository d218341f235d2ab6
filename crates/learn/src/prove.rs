//! The proof of an answer: the lab is built, the policies are enforced, and every demand is tried.

use podfence_analysis::assumed::{DNS_PORT, is_cluster_dns};
use podfence_analysis::{
    AskError, AskedProtocol, Explanation, Idle, PortName, Question, Target, What, explain, idle_policies,
};
use podfence_engine::{Answer, Engine};
use podfence_lab::asked::Asked;
use podfence_lab::cluster::{Cluster, ClusterError};
use podfence_lab::expect::{self, Ask, Question as Tried, TableError};
use podfence_lab::place::{PlaceError, place_in};
use podfence_lab::run::Findings;
use podfence_lab::setup::{Families, Setup};
use podfence_lab::{probe, record};
use podfence_model::{Endpoint, Flow, Kind, Layer4, NamespacedName, Protocol, World};
use podfence_report::json::{Compared, VerdictRow};

use crate::exercise::Exercise;

/// An answer that could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The manifests are more than the lab has room for.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The lab could not be built.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A demand speaks about something that is not there.
    #[error("the demands of this exercise cannot be tried: {}", texts(.0))]
    Demands(Vec<TableError>),
}

fn texts(wrong: &[TableError]) -> String {
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What came of trying an answer.
#[derive(Debug)]
pub struct Proof {
    world: World,
    engine: Engine,
    demands: Vec<VerdictRow>,
    differing: Vec<Compared>,
    failing: Option<Tried>,
}

/// Tries the learner's world. Needs a sandbox ([`podfence_lab::sandbox::enter`]), and takes about one time-out.
///
/// Exercises speak of IPv4 alone, as most exams do.
pub fn prove(exercise: &Exercise, world: World) -> Result<Proof, ProveError> {
    let world = place_in(world, Setup { families: Families::Ipv4, ..Setup::default() })?;
    let rows = exercise.demands().map_err(ProveError::Demands)?;
    let asks = expect::ask(&world, rows).map_err(ProveError::Demands)?;
    let mut cluster = Cluster::build(World::default())?;
    let engine = cluster.update(world.clone())?;
    let mut asked = Asked::default();
    asked.add(&asks);
    let findings = cluster.run(&engine, &asked, probe::USUAL_TIMEOUT);
    let demands = expect::check(&asks, &findings);
    let differing = record::compared(&findings).into_iter().filter(|one| !one.agree).collect();
    let failing = first_failing(&asks, &demands, &findings);
    Ok(Proof { world, engine, demands, differing, failing })
}

/// The first connection that is not as its demand says.
fn first_failing(asks: &[Ask], demands: &[VerdictRow], findings: &Findings) -> Option<Tried> {
    let (ask, _) = asks.iter().zip(demands).find(|(_, demand)| !demand.holds)?;
    let holds = |tried: &Tried| {
        let alone = Ask { row: ask.row.clone(), questions: vec![tried.clone()] };
        expect::check(&[alone], findings).iter().all(|row| row.holds)
    };
    ask.questions.iter().find(|tried| !holds(tried)).cloned()
}

impl Proof {
    /// The demands, each with whether engine and kernel both say so.
    pub fn demands(&self) -> &[VerdictRow] {
        &self.demands
    }

    /// Whether all demands hold.
    pub fn holds(&self) -> bool {
        self.demands.iter().all(|demand| demand.holds)
    }

    /// Where engine and kernel differ: a bug of ours, and no mistake of the learner's.
    pub fn differing(&self) -> &[Compared] {
        &self.differing
    }

    /// Policies that choose no pod.
    pub fn idle(&self) -> Vec<Idle<'_>> {
        idle_policies(&self.world).collect()
    }

    /// Why the first demand that fails does so, without guesses at what should be written instead.
    pub fn why(&self) -> Result<Option<Explanation<'_>>, AskError> {
        let Some(question) = self.failing.as_ref().and_then(|tried| self.question(tried)) else {
            return Ok(None);
        };
        let mut explanation = explain(&self.world, &self.engine, &question)?;
        explanation.paths.iter_mut().for_each(|path| silence(&mut path.answer));
        explanation.dns = None; // where names matter, they are a demand of their own
        Ok(Some(explanation))
    }

    fn question(&self, tried: &Tried) -> Option<Question> {
        let (source, destination, layer4) = match tried {
            Tried::Flow(Flow { source, destination, layer4 }) => {
                (target(source), target(destination), *layer4)
            }
            Tried::Service(asked) => {
                let service = object(Kind::Service, &asked.service);
                (object(Kind::Pod, &asked.source), service, Layer4::Port(asked.protocol, asked.port))
            }
            Tried::Entry(asked) => {
                let service = object(Kind::Service, &asked.service);
                (target(&asked.source), service, Layer4::Port(asked.protocol, asked.port))
            }
            Tried::Ingress(_) => return None, // two connections, of which the second is the controller's
            Tried::Name(asked) => {
                let server = self.world.pods.values().find(|pod| is_cluster_dns(pod))?;
                let server = object(Kind::Pod, &server.meta.id);
                (object(Kind::Pod, &asked.source), server, Layer4::Port(Protocol::Udp, DNS_PORT))
            }
        };
        let (port, protocol) = match layer4 {
            Layer4::Icmp => (None, AskedProtocol::Icmp),
            Layer4::Port(protocol, port) => (Some(PortName::Number(port)), AskedProtocol::Ports(protocol)),
        };
        Some(Question { source, destination, port, protocol: Some(protocol), namespace: None })
    }
}

fn target(end: &Endpoint) -> Target {
    match end {
        Endpoint::Pod { id, .. } => object(Kind::Pod, id),
        Endpoint::Node { name, .. } => {
            let what = What::Object { namespace: None, kind: Some(Kind::Node), name: name.clone() };
            Target { what, port: None, text: end.to_string() }
        }
        Endpoint::Ip(ip) => Target { what: What::Ip(*ip), port: None, text: ip.to_string() },
    }
}

fn object(kind: Kind, id: &NamespacedName) -> Target {
    let NamespacedName { namespace, name } = id.clone();
    let what = What::Object { namespace: Some(namespace), kind: Some(kind), name };
    Target { what, port: None, text: id.to_string() }
}

/// Takes away what would say how to mend the policy.
fn silence(answer: &mut Answer) {
    let sides = answer.egress.iter_mut().chain(&mut answer.ingress);
    for nearest in sides.flat_map(|side| &mut side.tiers).filter_map(|tier| tier.nearest.as_mut()) {
        nearest.hints.clear();
    }
}
