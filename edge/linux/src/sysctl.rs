//! Kernel settings of the namespace that the calling thread is in.

use crate::error::{Named, Outcome};

/// What every namespace of ours begins with, since a new one inherits the machine's own settings: no reverse path
/// filter (the rules decide on forged sources), no redirects, no IPv6 chatter on links that carry IPv4 only.
pub(crate) const NEUTRAL: &[(&str, &str)] = &[
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    ("net.ipv4.conf.all.send_redirects", "0"),
    ("net.ipv4.conf.default.send_redirects", "0"),
    ("net.ipv4.conf.all.accept_redirects", "0"),
    ("net.ipv4.conf.default.accept_redirects", "0"),
];

/// Absent where the kernel has no IPv6.
const IPV6_OFF: &str = "/proc/sys/net/ipv6/conf/default/disable_ipv6";

/// Sets `net.ipv4.ip_forward`, or the like: `/proc/sys/net` shows the namespace of the thread that opens it.
pub(crate) fn set(name: &str, value: &str) -> Outcome<()> {
    let path = format!("/proc/sys/{}", name.replace('.', "/"));
    let mut written = std::fs::write(&path, value);
    let is_absent = written.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    if is_absent && name.starts_with("net.netfilter.") {
        // The settings of connection tracking come with its module, and the module with the first question.
        crate::cut::wake_tracking();
        written = std::fs::write(&path, value);
    }
    written.named("write(sysctl)").map_err(|failure| failure.at(name))
}

pub(crate) fn set_neutral() -> Outcome<()> {
    NEUTRAL.iter().try_for_each(|(name, value)| set(name, value))?;
    if std::path::Path::new(IPV6_OFF).exists() {
        std::fs::write(IPV6_OFF, "1").named("write(sysctl)").map_err(|failure| failure.at(IPV6_OFF))?;
    }
    Ok(())
}

/// Lets a link carry IPv6, which it does not until it has an address of it. It gets no address but those it is given, and
/// listens to no router's advertisements.
pub(crate) fn allow_ipv6(link: &str) -> Outcome<()> {
    let of_link = [("addr_gen_mode", "1"), ("accept_ra", "0"), ("accept_dad", "0"), ("disable_ipv6", "0")];
    // The loopback has no links' settings to speak of.
    let settings = if link == "lo" { &of_link[3..] } else { &of_link[..] };
    settings.iter().try_for_each(|(name, value)| {
        let path = format!("/proc/sys/net/ipv6/conf/{link}/{name}");
        std::fs::write(path, value).named("write(sysctl)").map_err(|failure| failure.at(format!("{name} of {link}")))
    })
}

/// Whether a link answers ARP for addresses that are routed elsewhere; at once, as a neighbour would.
pub(crate) fn set_proxy_arp(link: &str, on: bool) -> Outcome<()> {
    let value = if on { "1" } else { "0" };
    std::fs::write(format!("/proc/sys/net/ipv4/conf/{link}/proxy_arp"), value)
        .named("write(sysctl)")
        .map_err(|failure| failure.at(format!("proxy_arp of {link}")))?;
    std::fs::write(format!("/proc/sys/net/ipv4/neigh/{link}/proxy_delay"), "0")
        .named("write(sysctl)")
        .map_err(|failure| failure.at(format!("proxy_delay of {link}")))
}
