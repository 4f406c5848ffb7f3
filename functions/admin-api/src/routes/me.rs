//! `/v1/me`

use crate::{
    answer::{Answer, Body},
    door::{Asking, Holds},
    dto::me::MeBody,
};
use app::{Deps, api_keys::find_api_key};
use axum::extract::State;
use domain::record::Actor;

/// Read who asks, and what they may do
#[utoipa::path(get, path = "/v1/me", tag = "Settings", operation_id = "getMe",
    responses((status = 200, description = "Who asks", body = MeBody)))]
pub(crate) async fn get(State(deps): State<Deps>, Holds(grant): Holds, Asking(actor): Asking) -> Answer {
    let name = match &actor {
        Actor::Staff(id) => find_api_key(&deps, id, deps.clock.now()).await?.map(|found| found.key.name),
        Actor::User(_) | Actor::Customer(_) | Actor::System(_) | Actor::Gateway(_) => None,
    };
    Body::ok(&MeBody::new(&actor, name, &grant, deps.moves_real_money())).send()
}
