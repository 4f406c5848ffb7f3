//! A customer with a link: looks, clicks once or twice, pays or does not, keeps old windows open, comes back or does not.

use super::Stage;
use crate::{dice::Dice, told::NOTE};
use local::sandbox_gateway::{PayOutcome, SessionViewStatus};
use tests::world::{BAD_CARD, BASE, GATEWAY, GOOD_CARD, Reply, hidden_fields};
use tokio::time::sleep;

/// The links that a customer has.
pub struct Links {
    /// To the invoice.
    pub invoice_url: String,
    /// To its payment.
    pub pay_url: String,
}

/// What a customer does with one invoice.
pub async fn customer(stage: &Stage<'_>, number: u64, id: &str, links: &Links) {
    let Links { invoice_url, pay_url } = links;
    let mut dice = Dice::of(stage.seed, 200 + number);
    let mut windows = Vec::new();
    for _ in 0..dice.between(2, 12) {
        let pause = if dice.chance(700) { dice.seconds(1, 1800) } else { dice.seconds(3600, 4 * 86_400) };
        stage.wait(&mut dice, pause).await;
        match dice.between(0, 9) {
            0 => {
                let _ = opened(stage, invoice_url).await;
            }
            1..=6 => {
                let twice = dice.chance(200);
                let mut gone = to_checkout(stage, pay_url, twice, &mut windows).await;
                if !gone && dice.chance(600) {
                    sleep(dice.seconds(360, 720)).await;
                    gone = to_checkout(stage, pay_url, false, &mut windows).await;
                }
                if let Some(session) = windows.last().cloned().filter(|_| gone) {
                    sleep(dice.seconds(5, 900)).await;
                    at_checkout(stage, &mut dice, &session).await;
                }
                if dice.chance(600) {
                    sleep(dice.seconds(60, 2400)).await;
                    by_another_door(stage, &mut dice, id, &windows).await;
                }
            }
            7 => {
                if !windows.is_empty() {
                    let session = windows[usize::try_from(dice.between(0, windows.len() as u64 - 1)).unwrap()].clone();
                    at_checkout(stage, &mut dice, &session).await;
                }
            }
            _ => by_another_door(stage, &mut dice, id, &windows).await,
        }
    }
}

/// Presses Pay, and remembers the windows that opened; whether one did.
async fn to_checkout(stage: &Stage<'_>, pay_url: &str, twice: bool, windows: &mut Vec<String>) -> bool {
    let before = windows.len();
    for answer in press(stage, pay_url, twice).await {
        if let Some(session) = answer.header("location").strip_prefix(GATEWAY).and_then(|path| path.rsplit('/').next()) {
            windows.push(session.to_owned());
        }
    }
    windows.len() > before
}

/// Somebody pays at a checkout of this invoice that nobody here was sent to, if there is one.
async fn by_another_door(stage: &Stage<'_>, dice: &mut Dice, id: &str, windows: &[String]) {
    let open = stage.world.gateway.sessions().into_iter().find(|session| {
        let ours = session.metadata.get("remit_invoice").is_some_and(|of| of == id);
        ours && session.status == SessionViewStatus::Open && !windows.contains(&session.id)
    });
    if let Some(session) = open {
        stage.note("by another door");
        pays(stage, dice, &session.id, GOOD_CARD).await;
    }
}

/// Opens a page, and reads whether it says what is none of a customer's business (I10).
async fn opened(stage: &Stage<'_>, url: &str) -> Option<Reply> {
    let page = stage.run("page", stage.world.open(url)).await?;
    if page.text.contains(NOTE) {
        stage.book.broken("I10", format!("staff's note is on a page: {}", page.text));
    }
    Some(page)
}

/// Opens the pay page and presses its button, perhaps twice at once.
async fn press(stage: &Stage<'_>, pay_url: &str, twice: bool) -> Vec<Reply> {
    let Some(page) = opened(stage, pay_url).await else { return Vec::new() };
    let hidden = hidden_fields(&page.text);
    let form: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    stage.note(&format!("customer sees {} with {} fields", page.status.as_u16(), form.len()));
    if form.is_empty() {
        return Vec::new();
    }
    let click = || stage.run("pay", stage.world.submit(pay_url, &form));
    let answers = if twice { futures::join!(click(), click()) } else { (click().await, None) };
    stage.note(&format!(
        "customer pressed: {:?}",
        [&answers.0, &answers.1].map(|answer| answer.as_ref().map(|answer| answer.status.as_u16()))
    ));
    [answers.0, answers.1].into_iter().flatten().collect()
}

async fn at_checkout(stage: &Stage<'_>, dice: &mut Dice, session: &str) {
    if dice.chance(250) {
        return;
    }
    let card = if dice.chance(250) { BAD_CARD } else { GOOD_CARD };
    pays(stage, dice, session, card).await;
}

async fn pays(stage: &Stage<'_>, dice: &mut Dice, session: &str, card: &str) {
    let outcome = stage.world.gateway.pay(session, card);
    stage.note(&format!("customer pays at {session}: {outcome:?}"));
    stage.stirred.notify_waiters();
    if let Ok(PayOutcome::Paid { return_to } | PayOutcome::AlreadyComplete { return_to }) = outcome
        && dice.chance(600)
    {
        let path = return_to.strip_prefix(BASE).unwrap_or(&return_to).to_owned();
        let back = stage.run("return", stage.world.open(&path)).await;
        stage.note(&format!("customer is back: {:?}", back.map(|back| back.status.as_u16())));
    }
}
