//! What happens to a session: opened, submitted, expired.
//! Source: docs.stripe.com/api/checkout/sessions and docs.stripe.com/payments/checkout/how-checkout-works.

use super::cards::{Card, Decline, Verdict};
use super::events::{EventType, Origin};
use super::fault::WebhookMode;
use super::render;
use super::render_charge;
use super::state::{Charge, Intent, IntentStatus, Order, Session, SessionStatus, State};
use super::views::{PayError, PayOutcome};

/// When, where and why something happens.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) now: i64,
    pub(super) public_url: String,
    pub(super) mode: WebhookMode,
    pub(super) origin: Origin,
}

impl State {
    /// Opens a session and returns its id. The payment intent comes with the first submission.
    pub(super) fn open_session(&mut self, order: Order, now: i64) -> String {
        let id = self.session_id();
        let session = Session { id: id.clone(), status: SessionStatus::Open, paid: false, created: now, intent: None, order };
        self.sessions.insert(id.clone(), session);
        id
    }

    /// Expires what is due. Events carry the instant the session ran out, whenever that is noticed.
    pub(super) fn expire_due(&mut self, moment: &Moment) {
        let is_due = |session: &&Session| session.status == SessionStatus::Open && session.order.expires_at <= moment.now;
        let mut due: Vec<_> = self.sessions.values().filter(is_due).map(|session| (session.order.expires_at, session.id.clone())).collect();
        due.sort();
        let by_clock = Moment { origin: Origin::default(), ..moment.clone() };
        for (at, id) in due {
            self.expire(&id, at, &by_clock);
        }
    }

    /// Closes an open session; a payment intent left behind is cancelled with it.
    pub(super) fn expire(&mut self, id: &str, at: i64, moment: &Moment) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.status = SessionStatus::Expired;
        if let Some(intent) = session.intent.as_ref().and_then(|intent| self.intents.get_mut(intent)) {
            intent.status = IntentStatus::Canceled;
            intent.canceled_at = Some(at);
        }
        self.emit_session(EventType::SessionExpired, id, at, moment);
    }

    /// Submits a card in the hosted form.
    pub(super) fn submit(&mut self, id: &str, card: Card, verdict: Verdict, moment: &Moment) -> Result<PayOutcome, PayError> {
        let session = self.sessions.get(id).ok_or(PayError::UnknownSession)?;
        match session.status {
            SessionStatus::Open => {}
            SessionStatus::Complete => return Ok(PayOutcome::AlreadyComplete { return_to: return_url(session) }),
            SessionStatus::Expired => return Err(PayError::SessionExpired),
        }
        let return_to = return_url(session);
        let session = session.clone();
        let intent = match &session.intent {
            Some(intent) => intent.clone(),
            None => self.open_intent(&session, moment.now),
        };
        match verdict {
            Verdict::Pays => {
                self.capture(&session, &intent, card, moment);
                Ok(PayOutcome::Paid { return_to })
            }
            Verdict::PaysAndLeaves => {
                self.capture(&session, &intent, card, moment);
                Ok(PayOutcome::PaidWithoutReturn)
            }
            Verdict::Declines(decline) => {
                let Decline { code, decline_code, message } = decline.clone();
                self.decline(&session, &intent, card, decline, moment);
                Ok(PayOutcome::Declined { code, decline_code, message })
            }
        }
    }

    fn open_intent(&mut self, session: &Session, now: i64) -> String {
        let id = self.object_id("pi");
        let order = &session.order;
        let intent = Intent {
            id: id.clone(),
            session: session.id.clone(),
            amount: order.total(),
            currency: order.currency.clone(),
            status: IntentStatus::RequiresPaymentMethod,
            created: now,
            canceled_at: None,
            latest_charge: None,
            description: order.intent_description.clone(),
            receipt_email: order.receipt_email.clone(),
            metadata: order.intent_metadata.clone(),
        };
        self.intents.insert(id.clone(), intent);
        if let Some(session) = self.sessions.get_mut(&session.id) {
            session.intent = Some(id.clone());
        }
        id
    }

    fn capture(&mut self, session: &Session, intent: &str, card: Card, moment: &Moment) {
        let charge = self.charge(session, intent, card, None, moment.now);
        if let Some(intent) = self.intents.get_mut(intent) {
            intent.status = IntentStatus::Succeeded;
            intent.latest_charge = Some(charge.id.clone());
        }
        if let Some(session) = self.sessions.get_mut(&session.id) {
            session.status = SessionStatus::Complete;
            session.paid = true;
        }
        self.emit(EventType::ChargeSucceeded, &render_charge::charge(&charge), moment.now, moment);
        self.emit_intent(EventType::IntentSucceeded, intent, moment);
        self.emit_session(EventType::SessionCompleted, &session.id, moment.now, moment);
    }

    fn decline(&mut self, session: &Session, intent: &str, card: Card, decline: Decline, moment: &Moment) {
        let charge = self.charge(session, intent, card, Some(decline), moment.now);
        if let Some(intent) = self.intents.get_mut(intent) {
            intent.latest_charge = Some(charge.id);
        }
        self.emit_intent(EventType::IntentFailed, intent, moment);
    }

    fn charge(&mut self, session: &Session, intent: &str, card: Card, decline: Option<Decline>, at: i64) -> Charge {
        let order = &session.order;
        let charge = Charge {
            id: self.object_id("ch"),
            intent: intent.to_owned(),
            session: session.id.clone(),
            payment_method: self.object_id("pm"),
            amount: order.total(),
            currency: order.currency.clone(),
            at,
            card,
            decline,
            email: order.customer_email.clone(),
            description: order.intent_description.clone(),
            receipt_email: order.receipt_email.clone(),
            metadata: order.intent_metadata.clone(),
        };
        self.charges.insert(charge.id.clone(), charge.clone());
        charge
    }

    fn emit_intent(&mut self, kind: EventType, id: &str, moment: &Moment) {
        if let Some(intent) = self.intents.get(id) {
            let snapshot = render::intent(self, intent, &[]);
            self.emit(kind, &snapshot, moment.now, moment);
        }
    }

    fn emit_session(&mut self, kind: EventType, id: &str, at: i64, moment: &Moment) {
        if let Some(session) = self.sessions.get(id) {
            let snapshot = render::session(self, session, &[], &moment.public_url);
            self.emit(kind, &snapshot, at, moment);
        }
    }
}

/// `success_url` with the session's id filled in.
pub(super) fn return_url(session: &Session) -> String {
    session.order.success_url.replace("{CHECKOUT_SESSION_ID}", &session.id)
}
