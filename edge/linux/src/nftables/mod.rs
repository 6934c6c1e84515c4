//! Packet filters by raw netlink: the whole ruleset of a namespace in one transaction, or what differs from the one in force.
//!
//! The messages are those that `nft -f` would send for the ruleset's script, without the program's start and without the wait
//! for its end; a test holds them against `nft`'s own.

mod change;
mod expression;
mod rule;
mod set;

pub(crate) use change::{Place, between};

use crate::error::Outcome;
use crate::netfilter::{header, push};
use crate::netlink::{Batch, Netlink};
use postern_program::{Chain, Family, HookKind, Policy, Ruleset, Table};

const NFT_MSG_NEWTABLE: u16 = 0;
const NFT_MSG_DELTABLE: u16 = 2;
const NFT_MSG_NEWCHAIN: u16 = 3;
const NFTA_TABLE_NAME: u16 = 1;
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_POLICY: u16 = 5;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;
const NFTA_HOOK_DEV: u16 = 3;
const ALL_FAMILIES: u8 = 0;
const IPV4: u8 = 2;
const NETDEV: u8 = 5;
const IPV6: u8 = 10;

/// Replaces the ruleset of the socket's namespace. A packet meets the old rules or the new ones, never part of them; the new
/// ones are in force on return.
pub(crate) fn replace(netlink: &mut Netlink, rules: &Ruleset) -> Outcome<()> {
    let mut batch = Batch::nftables();
    batch.delete("flush", NFT_MSG_DELTABLE, &header(ALL_FAMILIES));
    let mut ids = SetIds::default();
    for table in &rules.tables {
        add_table(&mut batch, table, &mut ids);
    }
    netlink.transact(batch)
}

/// Removes every table of the socket's namespace.
pub(crate) fn remove(netlink: &mut Netlink) -> Outcome<()> {
    replace(netlink, &Ruleset::default())
}

/// Numbers for the sets that a transaction makes.
#[derive(Default)]
struct SetIds(u32);

impl SetIds {
    fn next(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

/// Chains come before sets, whose verdicts name them, and sets before rules.
fn add_table(batch: &mut Batch, table: &Table, ids: &mut SetIds) {
    let family = family(table.family);
    let mut payload = header(family);
    push_text(&mut payload, NFTA_TABLE_NAME, &table.name);
    batch.add(format!("table {}", table.name), NFT_MSG_NEWTABLE, &payload);
    table.chains.iter().for_each(|chain| add_chain(batch, table, chain));
    for set in &table.sets {
        set::add_set(batch, family, &table.name, set, ids.next());
    }
    for map in &table.maps {
        set::add_map(batch, family, table, map, ids.next());
    }
    table.chains.iter().for_each(|chain| add_rules(batch, table, chain));
}

fn add_chain(batch: &mut Batch, table: &Table, chain: &Chain) {
    let payload = chain_payload(family(table.family), table, chain);
    batch.add(format!("chain {}", chain.name), NFT_MSG_NEWCHAIN, &payload);
}

fn add_rules(batch: &mut Batch, table: &Table, chain: &Chain) {
    for (number, rule) in chain.rules.iter().enumerate() {
        let words = format!("rule {} of chain {}", number + 1, chain.name);
        rule::add(batch, words, table, chain, rule);
    }
}

fn chain_payload(family: u8, table: &Table, chain: &Chain) -> Vec<u8> {
    let mut payload = header(family);
    push_text(&mut payload, NFTA_CHAIN_TABLE, &table.name);
    push_text(&mut payload, NFTA_CHAIN_NAME, &chain.name);
    let Some(hook) = &chain.hook else { return payload };
    let (kind, number) = match hook.kind {
        HookKind::Prerouting => ("filter", 0),
        HookKind::Input => ("filter", 1),
        HookKind::Forward => ("filter", 2),
        HookKind::Output => ("filter", 3),
        HookKind::Postrouting => ("filter", 4),
        HookKind::SourceNat => ("nat", 4),
        HookKind::Ingress => ("filter", 0),
        HookKind::Egress => ("filter", 1),
    };
    let policy = match hook.policy {
        Policy::Drop => 0,
        Policy::Accept => 1,
    };
    push_nested(&mut payload, NFTA_CHAIN_HOOK, |hooks| {
        push_number(hooks, NFTA_HOOK_HOOKNUM, number);
        push_number(hooks, NFTA_HOOK_PRIORITY, hook.priority as u32);
        if let Some(device) = &hook.device {
            push_text(hooks, NFTA_HOOK_DEV, device);
        }
    });
    push_number(&mut payload, NFTA_CHAIN_POLICY, policy);
    push_text(&mut payload, NFTA_CHAIN_TYPE, kind);
    payload
}

fn family(family: Family) -> u8 {
    match family {
        Family::Ip => IPV4,
        Family::Ip6 => IPV6,
        Family::Netdev => NETDEV,
    }
}

fn push_text(into: &mut Vec<u8>, kind: u16, text: &str) {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    push(into, kind, &bytes);
}

fn push_number(into: &mut Vec<u8>, kind: u16, number: u32) {
    push(into, kind, &number.to_be_bytes());
}

fn push_nested(into: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    fill(&mut inner);
    crate::netfilter::push_nested(into, kind, &inner);
}
