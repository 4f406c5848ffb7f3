//! Contacts: who is billed.

use crate::{
    ids::ContactId,
    pii::{EmailAddress, Pii},
};

/// One mail address of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactEmail {
    /// The address.
    pub address: EmailAddress,
    /// The one that invoices go to; exactly one of a contact's addresses is.
    pub main: bool,
    /// Whether it gets a copy of invoices and receipts.
    pub cc_invoices: bool,
}

/// What is known of a person or company, apart from money.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactDetails {
    /// The name, 1 to 200 characters.
    pub name: Pii,
    /// The company, at most 200 characters, or empty.
    pub company: Pii,
    /// At most ten addresses; may be none.
    pub emails: Vec<ContactEmail>,
    /// At most 40 characters, or empty.
    pub phone: Pii,
    /// Several lines, 500 characters at most, or empty.
    pub billing_address: Pii,
}

impl ContactDetails {
    /// The address invoices go to.
    #[must_use]
    pub fn main_email(&self) -> Option<&EmailAddress> {
        self.emails.iter().find(|e| e.main).map(|e| &e.address)
    }

    /// Addresses that get copies, without the main one.
    pub fn copies(&self) -> impl Iterator<Item = &EmailAddress> {
        self.emails.iter().filter(|e| e.cc_invoices && !e.main).map(|e| &e.address)
    }

    /// Every part in a fixed order, for a digest.
    pub(crate) fn parts(&self) -> Vec<String> {
        let mut parts = vec![self.name.reveal().to_owned(), self.company.reveal().to_owned()];
        for email in &self.emails {
            parts.push(format!("{} {} {}", email.address.reveal(), email.main, email.cc_invoices));
        }
        parts.extend([self.phone.reveal().to_owned(), self.billing_address.reveal().to_owned()]);
        parts
    }

    /// The salted digest that names these details in the journal.
    #[must_use]
    pub fn digest(&self, salt: &[u8]) -> crate::digest::Digest {
        let details = self.parts();
        let mut parts: Vec<&[u8]> = vec![b"contact 1", salt];
        parts.extend(details.iter().map(|p| p.as_bytes()));
        crate::digest::Digest::of(&parts)
    }
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// What is known of it.
    pub details: ContactDetails,
}
