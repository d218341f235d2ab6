//! The same for people.

use std::fmt;

use super::{Agreement, Comparison, Comparisons, InChain, InKernel, Judgement};

impl fmt::Display for Comparisons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, connection) in self.connections.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            connection.fmt(f)?;
        }
        if self.more > 0 {
            writeln!(f, "\nand {} more connections; ask about a pod or an address", self.more)?;
        }
        writeln!(f, "\nnode {}", self.standing.node)?;
        self.standing.fmt(f)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} → {} {}", self.agreement.word(), self.source, self.destination, self.layer4)?;
        if let Some(because) = &self.because {
            writeln!(f, "  {because}")?;
        }
        writeln!(f, "  engine   {}", self.engine)?;
        self.sides.iter().try_for_each(|side| writeln!(f, "           {side}"))?;
        match &self.kernel {
            Some(kernel) => kernel.fmt(f)?,
            None => writeln!(f, "  kernel   not asked")?,
        }
        match &self.last_refused {
            Some(last) => {
                writeln!(f, "  flows    last refused {}, {} packets on record", last.time, last.packets)
            }
            None => Ok(()),
        }
    }
}

impl Agreement {
    /// For people, in capitals.
    fn word(self) -> &'static str {
        match self {
            Self::Agree => "AGREE",
            Self::Differ => "DIFFER",
            Self::NotJudgedHere => "NOT JUDGED HERE",
            Self::Undecidable => "UNDECIDABLE",
        }
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: {}: {}", self.direction, self.pod, self.verdict, self.because)?;
        match &self.node {
            Some(node) if !self.here => write!(f, " (judged on node {node})"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for InKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  kernel   {}", self.verdict)?;
        if let Some(reason) = &self.reason {
            write!(f, ": {reason}")?;
        }
        writeln!(f)?;
        self.chains
            .iter()
            .filter(|chain| chain.is_telling())
            .try_for_each(|chain| writeln!(f, "           {chain}"))?;
        match self.counted {
            Some(counted) => writeln!(f, "           counter: {counted} packets, of any connection"),
            None => Ok(()),
        }
    }
}

impl InChain {
    /// Whether it says something of policies, or of what becomes of the packet: the others are the same for every packet.
    fn is_telling(&self) -> bool {
        ["egress_", "ingress_", "to_", "from_", "refused_", "stamp"]
            .iter()
            .any(|beginning| self.chain.starts_with(beginning))
    }
}

impl fmt::Display for InChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.chain)?;
        if let Some(about) = &self.about {
            write!(f, " ({about})")?;
        }
        let peers = |sets: &[String]| -> Vec<String> {
            sets.iter().filter(|set| set.starts_with("peers_")).cloned().collect()
        };
        let (found, not) = (peers(&self.found_in), peers(&self.not_in));
        if !found.is_empty() {
            write!(f, ": found in {}", found.join(", "))?;
        } else if !not.is_empty() {
            write!(f, ": not in {}", not.join(", "))?;
        }
        Ok(())
    }
}
