//! What text records say. Pure.

/// What a name's records say about who may send for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spf {
    /// SES may.
    Includes,
    /// There is a record without SES in it.
    WithoutSes,
    /// There are several records, which is an error.
    Several,
    /// There is no record.
    Absent,
}

/// Reads records about senders.
///
/// Source: RFC 7208 sections 3.2, 4.5 and 4.6.1: several are an error, and `+` is what an include means without a sign.
pub(crate) fn spf(texts: &[String]) -> Spf {
    let mut records = texts.iter().filter_map(|text| {
        let mut terms = text.split_ascii_whitespace();
        terms.next().filter(|version| version.eq_ignore_ascii_case("v=spf1")).map(|_| terms)
    });
    match (records.next(), records.next()) {
        (None, _) => Spf::Absent,
        (Some(_), Some(_)) => Spf::Several,
        (Some(mut terms), None) => {
            let includes = |term: &str| term.strip_prefix('+').unwrap_or(term).eq_ignore_ascii_case("include:amazonses.com");
            if terms.any(includes) { Spf::Includes } else { Spf::WithoutSes }
        }
    }
}

/// What receivers shall do with mails that only claim to come from a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Deliver and report.
    None,
    /// Treat as suspicious.
    Quarantine,
    /// Refuse.
    Reject,
}

impl Policy {
    /// As the record has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Quarantine, Self::Reject].into_iter().find(|policy| text.eq_ignore_ascii_case(policy.name()))
    }
}

/// What a name's records say about mails that only claim to come from a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dmarc {
    /// One record.
    Record {
        /// For the domain itself.
        policy: Policy,
        /// For its subdomains, when theirs is another.
        subdomains: Option<Policy>,
    },
    /// A record that receivers do not understand.
    Malformed,
    /// Several records, of which receivers use none.
    Several,
    /// No record.
    Absent,
}

/// Reads records about claims.
///
/// Source: RFC 7489 sections 6.3 and 6.6.3: the version comes first and is written exactly so, several records are none.
pub(crate) fn dmarc(texts: &[String]) -> Dmarc {
    let tags = |text: &str| -> Option<Vec<(String, String)>> {
        let mut tags =
            text.split(';').filter_map(|tag| tag.split_once('=')).map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        tags.next().filter(|(name, value)| name == "v" && value == "DMARC1").map(|_| tags.collect())
    };
    let mut records = texts.iter().filter_map(|text| tags(text));
    let (Some(record), None) = (records.next(), records.next()) else {
        return if texts.iter().any(|text| tags(text).is_some()) { Dmarc::Several } else { Dmarc::Absent };
    };
    let find = |name: &str| record.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).and_then(|(_, value)| Policy::parse(value));
    match find("p") {
        Some(policy) => Dmarc::Record { policy, subdomains: find("sp") },
        None => Dmarc::Malformed,
    }
}

/// The domain and the ones above it that may speak for it, itself first; a name without a dot is nobody's.
///
/// Which of them is the organisation's only a list could say; asking those above it as well costs a question and finds nothing.
pub(crate) fn upwards(domain: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain), |name| name.split_once('.').map(|(_, above)| above)).filter(|name| name.contains('.')).take(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_record_about_senders_names_ses_or_does_not() {
        for (given, wanted) in [
            (&[][..], Spf::Absent),
            (&["google-site-verification=x"], Spf::Absent),
            (&["v=spf10 include:amazonses.com"], Spf::Absent),
            (&["v=spf1 include:amazonses.com ~all", "something else"], Spf::Includes),
            (&["V=SPF1  +Include:AmazonSES.com -all"], Spf::Includes),
            (&["v=spf1 include:_spf.google.com ~all"], Spf::WithoutSes),
            (&["v=spf1 -include:amazonses.com ~all"], Spf::WithoutSes),
            (&["v=spf1 include:amazonses.com.example.org ~all"], Spf::WithoutSes),
            (&["v=spf1 include:amazonses.com ~all", "v=spf1 -all"], Spf::Several),
        ] {
            assert_eq!(spf(&texts(given)), wanted, "{given:?}");
        }
    }

    #[test]
    fn a_record_about_claims_has_a_policy_or_is_none() {
        let record = |policy, subdomains| Dmarc::Record { policy, subdomains };
        for (given, wanted) in [
            (&[][..], Dmarc::Absent),
            (&["v=spf1 -all"], Dmarc::Absent),
            (&["v=dmarc1; p=none"], Dmarc::Absent),
            (&["p=none; v=DMARC1"], Dmarc::Absent),
            (&["v=DMARC1; p=none"], record(Policy::None, None)),
            (&[" v = DMARC1 ;p=Reject; sp=quarantine; rua=mailto:a@example.com"], record(Policy::Reject, Some(Policy::Quarantine))),
            (&["v=DMARC1; rua=mailto:a@example.com"], Dmarc::Malformed),
            (&["v=DMARC1; p=perhaps"], Dmarc::Malformed),
            (&["v=DMARC1; p=none", "other"], record(Policy::None, None)),
            (&["v=DMARC1; p=none", "v=DMARC1; p=reject"], Dmarc::Several),
        ] {
            assert_eq!(dmarc(&texts(given)), wanted, "{given:?}");
        }
    }

    #[test]
    fn names_are_asked_upwards_as_long_as_they_have_a_dot() {
        assert_eq!(upwards("mail.pay.example.com").collect::<Vec<_>>(), ["mail.pay.example.com", "pay.example.com", "example.com"]);
        assert_eq!(upwards("localhost").count(), 0);
        assert_eq!(upwards(&"a.".repeat(100)).count(), 8);
    }
}
