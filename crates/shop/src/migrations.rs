//! What a shopper owned anonymously moves to the account: the cart at once, access records and the anonymous user soon.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use authress_service_client::ManagementClient;
use authress_user_migration::{
    AuthressRecords, Journal, MemoryJournal, Migration, MigrationError, Migrator, RedisJournal, Step,
};

use crate::cart_store::CartStore;
use crate::config::Config;

/// Begins migrations, and continues them.
#[derive(Clone, Debug)]
pub(crate) struct Migrations {
    journal: Arc<dyn Journal>,
    /// The step for which a request waits.
    carts: Migrator,
    /// All steps that this server can take.
    all: Migrator,
}

impl Migrations {
    /// With Redis the journal survives the process, as the carts do. `now` reads the clock, in seconds since 1970. `None` if
    /// there are neither a journal nor access records to change.
    ///
    /// # Errors
    /// When the journal's address cannot be used.
    pub(crate) fn new(
        config: &Config,
        carts: &Arc<CartStore>,
        client: Option<&ManagementClient>,
        now: fn() -> i64,
    ) -> Result<Option<Self>, Box<dyn Error + Send + Sync>> {
        let journal: Arc<dyn Journal> = match &config.redis_url {
            Some(url) => Arc::new(RedisJournal::new(url)?),
            None if client.is_some() => Arc::new(MemoryJournal::default()),
            None => return Ok(None),
        };
        let carts = Migrator::new(Arc::clone(&journal), now).with_data(Arc::clone(carts) as _);
        let settling = config.management.as_ref().map(|management| Duration::from_secs(management.settling_seconds));
        let all = match (client, settling) {
            (Some(client), Some(settling)) => {
                carts.clone().with_records(Arc::new(AuthressRecords::new(client.clone()))).settling_for(settling)
            }
            (_, None) | (None, _) => carts.clone(),
        };
        Ok(Some(Self { journal, carts, all }))
    }

    /// Writes a migration into the journal, and returns whether its cart has moved already.
    ///
    /// # Errors
    /// [`MigrationError`].
    pub(crate) async fn begin(&self, migration: &Migration) -> Result<bool, MigrationError> {
        Ok(self.journal.begin(migration).await?.step != Step::Begun)
    }

    /// Moves the cart of a migration that has begun, and lets the other steps follow after the response.
    ///
    /// # Errors
    /// [`MigrationError`]. It is continued later, unless it was refused.
    pub(crate) async fn run(&self, migration: &Migration) -> Result<(), MigrationError> {
        self.carts.run(migration).await?;
        let (all, migration) = (self.all.clone(), migration.clone());
        tokio::spawn(async move { note(&migration, all.run(&migration).await.map(drop)) });
        Ok(())
    }

    /// Continues what is unfinished, now and every minute.
    pub(crate) async fn resume_every_minute(&self) {
        let mut minutes = tokio::time::interval(Duration::from_secs(60));
        loop {
            minutes.tick().await;
            match self.all.resume_unfinished().await {
                Ok(results) => {
                    for (migration, result) in results {
                        note(&migration, result.map(drop));
                    }
                }
                Err(error) => tracing::warn!(code = error.code(), "{error}"),
            }
        }
    }
}

fn note(migration: &Migration, result: Result<(), MigrationError>) {
    if let Err(error) = result {
        tracing::warn!(code = error.code(), from = migration.from(), "a migration will be continued later: {error}");
    }
}
