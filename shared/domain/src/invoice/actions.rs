//! Which action is allowed in which status, under which guards: table R3 as data.
//!
//! The API's `actions[]` and every refusal are read from here.

use crate::invoice::{Invoice, SlotClass, refusal::Refusal, status::StatusCode};

/// Something staff may do to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Charge a card on file, or log an offline payment.
    Pay,
    /// Log money for an invoice that was written off.
    LogRecovery,
    /// Change what it says.
    Edit,
    /// Send a draft for the first time.
    Send,
    /// Ask for the money, again.
    RequestPayment,
    /// Send a receipt, or an account notice while nothing was received.
    SendReceipt,
    /// Pay all of it back.
    RefundInvoice,
    /// Pay one payment back, whole or in part.
    RefundPayment,
    /// Cancel it.
    Void,
    /// Give it up as bad debt.
    WriteOff,
    /// Work out referral commissions again.
    RerunCommissions,
    /// Spend the contact's credit on it.
    ApplyCredit,
    /// Lower it by a credit note.
    Adjust,
    /// Put it into a file.
    Export,
    /// Throw the draft away.
    Delete,
    /// Copy the link of its page.
    CopyInvoiceLink,
    /// Copy the link of its pay page.
    CopyPayLink,
    /// Charge a stored method on a date.
    ScheduleCharge,
    /// Ask for it together with others.
    IncludeInBulkRequest,
    /// Look at page, mail or PDF without being counted.
    Preview,
    /// Move it to collections.
    RunCollections,
    /// Move it back to open.
    MarkUnpaid,
    /// Stop or restart reminders.
    PauseReminders,
    /// Take back a write-off.
    Reinstate,
    /// Start a new draft from it.
    Duplicate,
}

/// A condition beside the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Something is owed.
    G1,
    /// No money is on its way.
    G2,
    /// Full edit only while nothing is applied.
    G3,
    /// There is something to send and somebody to send it to.
    G4,
    /// A recipient, and a gateway that can serve a pay link.
    G5,
    /// The document fits the money.
    G6,
    /// Something can be refunded.
    G7,
    /// No money is on its way.
    G8,
    /// Applied money is acknowledged.
    G9,
    /// A stored method is there to be charged.
    G10,
}

/// One cell: refused, or allowed under guards.
pub type Cell = Option<&'static [Guard]>;

const NO: Cell = None;
const YES: Cell = Some(&[]);

use Guard::{G1, G2, G3, G4, G5, G6, G7, G8, G9, G10};

/// Rows in the order of R3; columns draft, open, collections, closed, declined, refunded, voided, written_off.
pub const TABLE: [(Action, &str, &str, [Cell; 8]); 25] = [
    (Action::Pay, "pay", "ACT-PAY-STATUS", [NO, Some(&[G1, G2]), Some(&[G1, G2]), NO, NO, NO, NO, NO]),
    (Action::LogRecovery, "log_recovery", "ACT-RECOVERY-STATUS", [NO, NO, NO, NO, NO, NO, NO, YES]),
    (Action::Edit, "edit", "ACT-EDIT-STATUS", [YES, Some(&[G3]), NO, NO, NO, NO, NO, NO]),
    (Action::Send, "send", "ACT-SEND-DRAFT", [Some(&[G4]), NO, NO, NO, NO, NO, NO, NO]),
    (Action::RequestPayment, "request_payment", "ACT-REQUEST", [NO, Some(&[G1, G5]), Some(&[G1, G5]), NO, NO, NO, NO, NO]),
    (
        Action::SendReceipt,
        "send_receipt",
        "ACT-RECEIPT",
        [NO, Some(&[G6]), Some(&[G6]), YES, Some(&[G6]), Some(&[G6]), Some(&[G6]), Some(&[G6])],
    ),
    (Action::RefundInvoice, "refund_invoice", "ACT-REFUND-STATUS", [NO, NO, NO, Some(&[G7]), NO, NO, NO, NO]),
    (Action::RefundPayment, "refund_payment", "PACT-REFUND", [NO, Some(&[G7]), Some(&[G7]), Some(&[G7]), NO, NO, Some(&[G7]), Some(&[G7])]),
    (Action::Void, "void", "ACT-VOID-STATUS", [YES, Some(&[G8, G9]), Some(&[G8, G9]), Some(&[G8, G9]), YES, YES, NO, YES]),
    (Action::WriteOff, "write_off", "ACT-WRITEOFF-STATUS", [NO, Some(&[G8]), Some(&[G8]), NO, NO, NO, NO, NO]),
    (Action::RerunCommissions, "rerun_commissions", "ACT-COMMISSION-STATUS", [NO, NO, NO, YES, NO, NO, NO, NO]),
    (Action::ApplyCredit, "apply_credit", "ACT-APPLY-CREDIT", [NO, Some(&[G1]), Some(&[G1]), NO, NO, NO, NO, NO]),
    (Action::Adjust, "adjust", "ACT-ADJUST", [NO, Some(&[G8]), Some(&[G8]), NO, NO, NO, NO, NO]),
    (Action::Export, "export", "ACT-EXPORT", [YES; 8]),
    (Action::Delete, "delete", "ACT-DELETE", [YES, NO, NO, NO, NO, NO, NO, NO]),
    (Action::CopyInvoiceLink, "copy_invoice_link", "ACT-COPY-INVOICE-LINK", [NO, YES, YES, YES, NO, YES, NO, NO]),
    (Action::CopyPayLink, "copy_pay_link", "ACT-COPY-PAY-LINK", [NO, Some(&[G1]), Some(&[G1]), NO, NO, NO, NO, NO]),
    (Action::ScheduleCharge, "schedule_charge", "SCHED-STORED-METHOD", [NO, Some(&[G1, G10]), Some(&[G1, G10]), NO, NO, NO, NO, NO]),
    (Action::IncludeInBulkRequest, "include_in_bulk_request", "BULK-SELECT", [NO, Some(&[G1, G5]), Some(&[G1, G5]), NO, NO, NO, NO, NO]),
    (Action::Preview, "preview", "PREVIEW-PORTAL", [YES; 8]),
    (Action::RunCollections, "run_collections", "ACT-PAY-DECLINE-COLLECT", [NO, YES, NO, NO, YES, NO, NO, NO]),
    (Action::MarkUnpaid, "mark_unpaid", "ACT-PAY-DECLINE-UNPAID", [NO, NO, YES, NO, YES, NO, NO, NO]),
    (Action::PauseReminders, "pause_reminders", "ACT-PAUSE-REMINDERS", [NO, YES, YES, NO, NO, NO, NO, NO]),
    (Action::Reinstate, "reinstate", "ACT-REINSTATE", [NO, NO, NO, NO, NO, NO, NO, YES]),
    (Action::Duplicate, "duplicate", "ACT-DUPLICATE", [YES; 8]),
];

/// What guards go by beside the invoice.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// Whether the contact has a usable address.
    pub has_recipient: bool,
    /// Why no gateway can serve a pay link, if so.
    pub no_gateway: Option<String>,
}

/// The answer for one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The action's name.
    pub action: &'static str,
    /// Whether it may be done now.
    pub enabled: bool,
    /// The rule that decides.
    pub rule: &'static str,
    /// Why, in a sentence.
    pub reason: String,
}

impl Action {
    fn row(self) -> &'static (Self, &'static str, &'static str, [Cell; 8]) {
        // Every action has its row; a test holds that.
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[0])
    }

    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The rule that says in which statuses it is allowed.
    #[must_use]
    pub fn rule(self) -> &'static str {
        self.row().2
    }

    /// The guards in a status, or none where it is refused.
    #[must_use]
    pub fn cell(self, status: StatusCode) -> Cell {
        let column = StatusCode::ALL.iter().position(|code| *code == status).unwrap_or(0);
        self.row().3[column]
    }

    /// Whether the status allows it.
    ///
    /// # Errors
    /// [`Refusal::Status`].
    pub fn allowed_in(self, status: StatusCode) -> Result<(), Refusal> {
        self.cell(status).map(|_| ()).ok_or(Refusal::Status { action: self, status })
    }

    /// Why the status forbids it, and which ones would not.
    #[must_use]
    pub fn status_sentence(self, status: StatusCode) -> String {
        let allowed: Vec<&str> = StatusCode::ALL.into_iter().filter(|s| self.cell(*s).is_some()).map(StatusCode::name).collect();
        format!("`{}` is for invoices in status {}; this one is {}", self.name(), allowed.join(", "), status.name())
    }

    /// Whether it may be done to this invoice now, and why.
    #[must_use]
    pub fn answer(self, invoice: &Invoice, circumstances: &Circumstances) -> Answer {
        let (_, action, rule, _) = *self.row();
        let status = invoice.status.code();
        let Some(guards) = self.cell(status) else {
            return Answer { action, enabled: false, rule, reason: self.status_sentence(status) };
        };
        let broken = guards.iter().find_map(|guard| guard.broken(invoice, circumstances).map(|refusal| (guard.name(), refusal)));
        match broken {
            Some((guard, refusal)) => Answer { action, enabled: false, rule: guard, reason: refusal },
            None if guards.contains(&G9) && invoice.sums.received.is_positive() => Answer {
                action,
                enabled: true,
                rule,
                reason: format!("allowed with `acknowledge_captured_funds`: {} was received", invoice.sums.received),
            },
            None => Answer { action, enabled: true, rule, reason: format!("allowed while {}", status.name()) },
        }
    }
}

impl Guard {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::G1 => "G1",
            Self::G2 => "G2",
            Self::G3 => "G3",
            Self::G4 => "G4",
            Self::G5 => "G5",
            Self::G6 => "G6",
            Self::G7 => "G7",
            Self::G8 => "G8",
            Self::G9 => "G9",
            Self::G10 => "G10",
        }
    }

    fn broken(self, invoice: &Invoice, circumstances: &Circumstances) -> Option<String> {
        let refusal = match self {
            Self::G1 => (!invoice.amount_due().is_positive()).then_some(Refusal::NothingOwed),
            Self::G2 | Self::G8 => in_flight(invoice).err(),
            Self::G4 => ready_to_send(invoice, circumstances.has_recipient).err(),
            Self::G5 => reachable(circumstances).err(),
            Self::G7 if !invoice.sums.received.is_positive() => return Some("no payment is left to refund".to_owned()),
            Self::G10 => return Some("no payment method is stored for the contact".to_owned()),
            Self::G3 | Self::G6 | Self::G7 | Self::G9 => None,
        };
        refusal.map(|refusal| refusal.to_string())
    }
}

/// G2, G8: no money is on its way.
pub(crate) fn in_flight(invoice: &Invoice) -> Result<(), Refusal> {
    match &invoice.slot {
        Some(slot) if slot.class == SlotClass::InFlight => Err(Refusal::InFlight { class: slot.class }),
        Some(_) | None => Ok(()),
    }
}

/// G4: there is something to send and somebody to send it to.
pub(crate) fn ready_to_send(invoice: &Invoice, has_recipient: bool) -> Result<(), Refusal> {
    if invoice.body.lines.is_empty() {
        return Err(Refusal::NoLines);
    }
    if invoice.body.due_on < invoice.body.invoice_date {
        return Err(Refusal::DueBeforeInvoice { invoice_date: invoice.body.invoice_date, due_on: invoice.body.due_on });
    }
    if invoice.body.deliver == super::journal::Deliver::Email && !has_recipient {
        return Err(Refusal::NoRecipient);
    }
    Ok(())
}

/// G5: a recipient, and a gateway that can serve a pay link.
pub(crate) fn reachable(circumstances: &Circumstances) -> Result<(), Refusal> {
    match &circumstances.no_gateway {
        _ if !circumstances.has_recipient => Err(Refusal::NoRecipient),
        Some(reason) => Err(Refusal::NoGateway { reason: reason.clone() }),
        None => Ok(()),
    }
}

/// The answers for every action, in the order of the table.
#[must_use]
pub fn answers(invoice: &Invoice, circumstances: &Circumstances) -> Vec<Answer> {
    TABLE.iter().map(|row| row.0.answer(invoice, circumstances)).collect()
}
