//! Resource ids: one type per kind, made by one macro.

use std::fmt;
use std::str::FromStr;

/// The digits of an id: 17 hexadecimal digits today, 8 for the oldest resources (`pl-63a5400a`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits {
    bits: u128,
    short: bool,
}

impl Digits {
    /// Long form with the first digit 0, as AWS gives them out: 64 bits fit.
    pub const fn long(bits: u64) -> Self {
        Self { bits: bits as u128, short: false }
    }
    /// The 8-digit form of the oldest resources.
    pub const fn short(bits: u32) -> Self {
        Self { bits: bits as u128, short: true }
    }
    /// The lower 64 bits, as GENEVE options and names derived from an id carry them.
    pub const fn bits(self) -> u64 {
        self.bits as u64
    }
    /// Spelled by hand: replies have thousands of them.
    fn spelled(self, room: &mut [u8; 17]) -> &str {
        let mut left = self.bits;
        for place in room.iter_mut().rev() {
            let digit = (left & 0xf) as u8;
            *place = digit + if digit < 10 { b'0' } else { b'a' - 10 };
            left >>= 4;
        }
        let from = if self.short { 9 } else { 0 };
        room.get(from..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
    }
    fn parse(text: &str) -> Option<Self> {
        let short = match text.len() {
            8 => true,
            17 => false,
            _ => return None,
        };
        if !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return None;
        }
        Some(Self { bits: u128::from_str_radix(text, 16).ok()?, short })
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spelled(&mut [0; 17]))
    }
}

/// The text given is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not of the form `{prefix}-` and 8 or 17 hexadecimal digits")]
pub struct MalformedId {
    pub given: String,
    pub prefix: &'static str,
}

macro_rules! resource_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Digits);

        impl $name {
            /// The word before the hyphen.
            pub const PREFIX: &'static str = $prefix;
            /// A new id from 64 fresh bits.
            pub const fn from_bits(bits: u64) -> Self { Self(Digits::long(bits)) }
            /// An id of the old 8-digit form.
            pub const fn short(bits: u32) -> Self { Self(Digits::short(bits)) }
            /// The same as its `to_string`, sooner.
            pub fn text(self) -> String {
                let mut text = String::with_capacity($prefix.len() + 18);
                text.push_str(concat!($prefix, "-"));
                text.push_str(self.0.spelled(&mut [0; 17]));
                text
            }
            /// The digits alone, for names derived from the id.
            pub const fn digits(self) -> Digits { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!($prefix, "-{}"), self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
        impl FromStr for $name {
            type Err = MalformedId;
            fn from_str(text: &str) -> Result<Self, MalformedId> {
                text.strip_prefix(concat!($prefix, "-"))
                    .and_then(Digits::parse)
                    .map(Self)
                    .ok_or_else(|| MalformedId { given: text.to_owned(), prefix: $prefix })
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

resource_ids! {
    /// A virtual private cloud.
    VpcId = "vpc";
    /// A subnet: one zone's part of a VPC.
    SubnetId = "subnet";
    /// An internet gateway.
    InternetGatewayId = "igw";
    /// A route table.
    RouteTableId = "rtb";
    /// The association of a route table with a subnet or gateway.
    RouteTableAssociationId = "rtbassoc";
    /// A managed prefix list, the account's or AWS's.
    PrefixListId = "pl";
    /// A security group.
    SecurityGroupId = "sg";
    /// One rule of a security group.
    SecurityGroupRuleId = "sgr";
    /// A network ACL.
    NetworkAclId = "acl";
    /// The association of a network ACL with a subnet.
    NetworkAclAssociationId = "aclassoc";
    /// An elastic network interface.
    NetworkInterfaceId = "eni";
    /// The attachment of a network interface to an instance.
    NetworkInterfaceAttachmentId = "eni-attach";
    /// An Elastic IP allocation.
    AllocationId = "eipalloc";
    /// The association of an Elastic IP with a network interface.
    AddressAssociationId = "eipassoc";
    /// A NAT gateway.
    NatGatewayId = "nat";
    /// A VPC endpoint of any type.
    VpcEndpointId = "vpce";
    /// A VPC endpoint service.
    VpcEndpointServiceId = "vpce-svc";
    /// A VPC peering connection.
    VpcPeeringConnectionId = "pcx";
    /// A key pair.
    KeyPairId = "key";
    /// A DHCP option set.
    DhcpOptionsId = "dopt";
    /// The association of a CIDR with a VPC.
    VpcCidrAssociationId = "vpc-cidr-assoc";
    /// The association of an IPv6 CIDR with a subnet.
    SubnetCidrAssociationId = "subnet-cidr-assoc";
    /// A machine image.
    ImageId = "ami";
    /// An instance.
    InstanceId = "i";
    /// One RunInstances call's result.
    ReservationId = "r";
    /// The association of an instance profile with an instance.
    IamInstanceProfileAssociationId = "iip-assoc";
    /// A block device volume.
    VolumeId = "vol";
    /// A snapshot of a volume.
    SnapshotId = "snap";
    /// A path of Reachability Analyzer.
    NetworkInsightsPathId = "nip";
    /// An analysis of a path.
    NetworkInsightsAnalysisId = "nia";
    /// A scope of Network Access Analyzer.
    NetworkInsightsAccessScopeId = "nis";
    /// An analysis of a scope.
    NetworkInsightsAccessScopeAnalysisId = "nisa";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_spell_an_id_is_the_same() {
        let texts = [
            (VpcEndpointId::from_bits(0), "vpce-00000000000000000"),
            (VpcEndpointId::from_bits(0x0123_4567_89ab_cdef), "vpce-00123456789abcdef"),
            (VpcEndpointId::from_bits(u64::MAX), "vpce-0ffffffffffffffff"),
            (VpcEndpointId::short(0x63a5_400a), "vpce-63a5400a"),
            (VpcEndpointId::short(1), "vpce-00000001"),
        ];
        for (id, text) in texts {
            assert_eq!(id.text(), text);
            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse(), Ok(id));
        }
        // All seventeen digits of an id that a client gives.
        let given = "vpce-fedcba9876543210f";
        assert_eq!(given.parse::<VpcEndpointId>().unwrap().text(), given);
    }
}
