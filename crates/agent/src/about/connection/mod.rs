//! What engine and kernel say of a connection, beside each other.
//!
//! The engine is asked as `explain` asks it. The kernel is asked by leading the packet that would open the connection through the
//! tables that it holds at that moment. A node judges only for its own pods: what an end elsewhere says is told, but not
//! compared.

mod compare;
mod question;
mod text;

use podfence_dataplane_nft::{Asked, End, Step, Trace};
use serde::{Deserialize, Serialize};

pub(crate) use self::compare::compare;
pub use self::question::{AskedProtocol, Question, Who};
use super::Standing;
use crate::flow::FlowEnd;

/// The answer to a question about connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparisons {
    /// How the agent stands to the objects.
    #[serde(flatten)]
    pub standing: Standing,
    /// Each connection that was asked about.
    pub connections: Vec<Comparison>,
    /// How many more there are; a narrower question is answered whole.
    pub more: usize,
}

/// What is said of one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// Who opens it.
    pub source: FlowEnd,
    /// Who is to accept it.
    pub destination: FlowEnd,
    /// `TCP 80`, `ICMP`.
    pub layer4: String,
    /// What the engine says: `allowed`, `denied` or `undecidable`.
    pub engine: String,
    /// The same, end by end.
    pub sides: Vec<Judgement>,
    /// What the kernel's tables say; absent where this node does not judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<InKernel>,
    /// Whether they agree.
    pub agreement: Agreement,
    /// Why, where that needs a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// When packets of this kind were last refused here, as far as the flow log in memory goes, and how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_refused: Option<LastRefused>,
}

/// What the policies of one end say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// `egress` of the source, or `ingress` of the destination.
    pub direction: String,
    /// The pod.
    pub pod: String,
    /// `allowed`, `denied` or `undecidable`.
    pub verdict: String,
    /// By what.
    pub because: String,
    /// Whether this node judges it; otherwise the pod's node does, if it has one.
    pub here: bool,
    /// The pod's node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// What the kernel's tables do with the packet that opens a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InKernel {
    /// `passes`, `dropped`, or `altered` where the tables are not as they were written.
    pub verdict: String,
    /// Why it is dropped, or where the tables differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The chains it comes to, in order.
    pub chains: Vec<InChain>,
    /// How many packets, of any connection, the rule that drops it has dropped since it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<u64>,
}

/// A chain that a packet comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InChain {
    /// Its name.
    pub chain: String,
    /// What it says of itself; of a program its policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The sets that hold the packet's key.
    pub found_in: Vec<String>,
    /// The sets that were asked and do not.
    pub not_in: Vec<String>,
}

/// How engine and kernel stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// They say the same.
    Agree,
    /// They do not.
    Differ,
    /// This node's kernel judges no end of it.
    NotJudgedHere,
    /// The engine cannot tell, since a fact is missing.
    Undecidable,
}

/// Packets of this kind in the flow log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastRefused {
    /// When the last record of them begins, RFC 3339 in UTC.
    pub time: String,
    /// How many packets all records of them tell of.
    pub packets: u64,
}

impl From<Trace> for InKernel {
    fn from(trace: Trace) -> Self {
        let (verdict, reason, counted) = match &trace.end {
            End::Passed => ("passes", None, None),
            End::Dropped { why, counted } => ("dropped", why.map(|why| why.to_string()), Some(*counted)),
            End::Altered(difference) => ("altered", Some(difference.to_string()), None),
        };
        let chains = trace.steps.into_iter().map(InChain::from).collect();
        Self { verdict: verdict.to_owned(), reason, chains, counted }
    }
}

impl From<Step> for InChain {
    fn from(step: Step) -> Self {
        let (found, not): (Vec<Asked>, Vec<Asked>) = step.asked.into_iter().partition(|asked| asked.holds);
        let names = |asked: Vec<Asked>| {
            let mut names: Vec<String> = asked.into_iter().map(|asked| asked.set).collect();
            names.dedup(); // asked by the packet's header, and by its entry
            names
        };
        Self { chain: step.chain, about: step.about, found_in: names(found), not_in: names(not) }
    }
}
