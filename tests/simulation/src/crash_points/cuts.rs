//! Where a use case is cut off: at its n-th call to table, mail, bus or gateway, counted through all of them.

use crate::faults::carried_out;
use bytes::Bytes;
use futures::FutureExt as _;
use gateway::{
    Transport,
    transport::{TransportError, TransportErrorKind},
};
use http::Request;
use local::sandbox_gateway::SandboxGateway;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use tests::{
    table::{FaultPlan, TableFault},
    wire::{WireFault, WirePlan},
};

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It and every later one is lost before it has an effect.
    LostFromThere,
    /// It has its effect, and its answer is lost.
    AnswerLost,
    /// Its function is killed before it has an effect.
    KilledBefore,
    /// Its function is killed after it has had its effect.
    KilledAfter,
}

impl How {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::LostFromThere, Self::AnswerLost, Self::KilledBefore, Self::KilledAfter];
}

/// One cut. Clones share it.
#[derive(Debug, Clone)]
pub struct Cut(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    how: How,
    nth: u64,
    calls: AtomicU64,
    on: AtomicBool,
    reached: AtomicBool,
}

impl Cut {
    /// The cut at the n-th call, counted from nought.
    #[must_use]
    pub fn of(how: How, nth: u64) -> Self {
        Self(Arc::new(Inner { how, nth, calls: AtomicU64::new(0), on: AtomicBool::new(false), reached: AtomicBool::new(false) }))
    }

    /// Calls count from here.
    pub fn begin(&self) {
        self.0.on.store(true, Ordering::Relaxed);
    }

    /// Nothing goes wrong any more.
    pub fn end(&self) {
        self.0.on.store(false, Ordering::Relaxed);
    }

    /// Whether there was such a call.
    #[must_use]
    pub fn reached(&self) -> bool {
        self.0.reached.load(Ordering::Relaxed)
    }

    fn next(&self) -> Option<How> {
        if !self.0.on.load(Ordering::Relaxed) {
            return None;
        }
        let n = self.0.calls.fetch_add(1, Ordering::Relaxed);
        let hit = n == self.0.nth || (n > self.0.nth && self.0.how == How::LostFromThere);
        self.0.reached.fetch_or(hit, Ordering::Relaxed);
        hit.then_some(self.0.how)
    }

    /// The cut at the table.
    #[must_use]
    pub fn table(&self) -> FaultPlan {
        let cut = self.clone();
        Arc::new(move |_| match cut.next() {
            None => TableFault::None,
            Some(How::LostFromThere) => TableFault::LoseBeforeEffect,
            Some(How::AnswerLost) => TableFault::LoseAnswerAfterEffect,
            Some(How::KilledBefore) => TableFault::Crash,
            Some(How::KilledAfter) => TableFault::CrashAfterEffect,
        })
    }

    /// The cut at mail service and bus.
    #[must_use]
    pub fn wire(&self) -> WirePlan {
        let cut = self.clone();
        Arc::new(move |_| match cut.next() {
            None => WireFault::None,
            Some(How::LostFromThere) => WireFault::LoseBeforeEffect,
            Some(How::AnswerLost) => WireFault::LoseAnswerAfterEffect,
            Some(How::KilledBefore) => WireFault::Crash,
            Some(How::KilledAfter) => WireFault::CrashAfterEffect,
        })
    }

    /// The cut on the way to the gateway.
    #[must_use]
    pub fn gateway(&self, gateway: SandboxGateway) -> Transport {
        let cut = self.clone();
        Transport::new(move |request: Request<Bytes>| {
            let (cut, gateway) = (cut.clone(), gateway.clone());
            async move {
                let broken = || TransportError::new(TransportErrorKind::Broken);
                let how = cut.next();
                match how {
                    Some(How::LostFromThere) => return Err(broken()),
                    Some(How::KilledBefore) => return std::future::pending().await,
                    None | Some(How::AnswerLost | How::KilledAfter) => {}
                }
                let answer = carried_out(&gateway, request).await.ok_or_else(broken);
                match how {
                    Some(How::AnswerLost) => Err(broken()),
                    Some(How::KilledAfter) => std::future::pending().await,
                    None | Some(How::LostFromThere | How::KilledBefore) => answer,
                }
            }
            .boxed()
        })
    }
}
