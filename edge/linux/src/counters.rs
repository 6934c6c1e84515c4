//! Packets counted at the rules, by the rules' comments.

use crate::error::Outcome;
use crate::netfilter::{attribute, attributes, big_endian_u64, header, push};
use crate::netlink::{Netlink, Request};
use crate::nftables::Place;
use crate::state::State;
use postern_program::Namespace;
use std::collections::BTreeMap;

const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFT_MSG_GETRULE: u16 = 7;
const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_RULE_USERDATA: u16 = 7;
const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_COUNTER_PACKETS: u16 = 2;
const USERDATA_COMMENT: u8 = 0;
const ALL_FAMILIES: u8 = 0;

impl State {
    /// Packets by comment since the namespace was made, rules that are gone included.
    pub fn counters(&mut self, namespace: Namespace) -> Outcome<Vec<(String, u64)>> {
        let now = self.space_mut(namespace)?.netfilter().and_then(read);
        self.go_home()?;
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        let past = self.counted.iter().filter(|((ns, _), _)| *ns == namespace).map(|((_, c), n)| (c.clone(), *n));
        for (comment, packets) in past.chain(now?) {
            *sums.entry(comment).or_default() += packets;
        }
        Ok(sums.into_iter().collect())
    }

    /// Adds the counts of the ruleset in force to the past: it is about to be replaced.
    pub fn keep_counts(&mut self, namespace: Namespace) -> Outcome<()> {
        let counts = self.space_mut(namespace)?.netfilter().and_then(read)?;
        self.add_counts(namespace, counts);
        Ok(())
    }

    /// Adds counts of rules that are gone to the past.
    pub fn add_counts(&mut self, namespace: Namespace, counts: Counts) {
        for (comment, packets) in counts.into_iter().filter(|(_, packets)| *packets > 0) {
            *self.counted.entry((namespace, comment)).or_default() += packets;
        }
    }
}

/// Packets by the rules' comments.
pub(crate) type Counts = Vec<(String, u64)>;

/// The counters in force, one for each rule with a comment and a counter.
fn read(netlink: &mut Netlink) -> Outcome<Counts> {
    read_from(netlink, &header(ALL_FAMILIES))
}

/// Those of some chains.
pub(crate) fn read_chains(netlink: &mut Netlink, chains: &[Place<'_>]) -> Outcome<Counts> {
    let mut all = Vec::new();
    for place in chains {
        let mut payload = header(place.family);
        for (kind, name) in [(NFTA_RULE_TABLE, place.table), (NFTA_RULE_CHAIN, place.chain)] {
            push(&mut payload, kind, &[name.as_bytes(), &[0]].concat());
        }
        all.extend(read_from(netlink, &payload)?);
    }
    Ok(all)
}

fn read_from(netlink: &mut Netlink, payload: &[u8]) -> Outcome<Counts> {
    let kind = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;
    let rules = netlink.dump(Request::raw("NFT_MSG_GETRULE", kind, 0, payload))?;
    Ok(rules.iter().filter_map(|(_, payload)| rule(payload.get(4..)?)).collect())
}

fn rule(bytes: &[u8]) -> Option<(String, u64)> {
    let comment = comment(attribute(bytes, NFTA_RULE_USERDATA)?)?;
    let packets = attributes(attribute(bytes, NFTA_RULE_EXPRESSIONS)?).find_map(|(_, expression)| {
        let is_counter = attribute(expression, NFTA_EXPR_NAME)? == b"counter\0";
        let data = attribute(expression, NFTA_EXPR_DATA).filter(|_| is_counter)?;
        attribute(data, NFTA_COUNTER_PACKETS).and_then(big_endian_u64)
    })?;
    Some((comment, packets))
}

/// The comment in a rule's user data: type, length and content, one byte each for the first two.
fn comment(mut bytes: &[u8]) -> Option<String> {
    loop {
        let (kind, length) = (*bytes.first()?, usize::from(*bytes.get(1)?));
        let content = bytes.get(2..2 + length)?;
        if kind == USERDATA_COMMENT {
            return Some(String::from_utf8_lossy(content).trim_end_matches('\0').to_owned());
        }
        bytes = bytes.get(2 + length..)?;
    }
}
