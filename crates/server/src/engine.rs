//! The engine as the reactor may use it: by closures that run on blocking threads, and in no other way.
//!
//! Calls of an engine block, so nothing here hands one out. Only inside a closure there is an engine, and a closure
//! never runs on the reactor.

use std::sync::Arc;

use runlog_core::{Engine, EngineError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// An engine that can only be called on blocking threads. Cheap to clone.
#[derive(Clone)]
pub(crate) struct EngineHandle {
    engine: Arc<dyn Engine>,
    turns: Arc<Semaphore>,
}

/// A turn at the engine; it ends when this is dropped.
pub(crate) struct Turn(#[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit);

impl EngineHandle {
    /// At most `turns` calls of [`EngineHandle::ask`] work at a time.
    pub(crate) fn new(engine: Arc<dyn Engine>, turns: usize) -> Self {
        Self { engine, turns: Arc::new(Semaphore::new(turns)) }
    }

    /// Makes a call when its turn comes. The turn ends with the call, also when the caller has gone before: it is never
    /// held while an answer is sent.
    ///
    /// # Errors
    /// Those of the call; an error of the engine when it panics.
    pub(crate) async fn ask<T: Send + 'static, E: From<EngineError> + Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let turn = self.turn().await;
        self.ask_in(turn, call).await
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self) -> Turn {
        Turn(Arc::clone(&self.turns).acquire_owned().await.expect("the semaphore is never closed"))
    }

    /// As [`EngineHandle::ask`], in a turn that has come.
    ///
    /// # Errors
    /// As [`EngineHandle::ask`].
    pub(crate) async fn ask_in<T: Send + 'static, E: From<EngineError> + Send + 'static>(
        &self,
        turn: Turn,
        call: impl FnOnce(&dyn Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let work = self.begin(move |engine| {
            let _turn = turn;
            call(engine)
        });
        work.await
            .unwrap_or_else(|panic| Err(EngineError::engine(format!("a call of the engine failed: {panic}")).into()))
    }

    /// Begins work that takes no turn of a query. Its caller bounds how much of it there is at a time.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Engine) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let engine = Arc::clone(&self.engine);
        tokio::task::spawn_blocking(move || work(&*engine))
    }
}
