import { CreateKeyRoute } from './routes/create-key/route';
import { ListKeysRoute } from './routes/list-keys/route';
import { RevokeKeyRoute } from './routes/revoke-key/route';
import { RotateExternalIdRoute } from './routes/rotate-external-id/route';
import { ChangeIntegrationRoute } from './routes/change-integration/route';
import { ChainStatusRoute } from './routes/chain-status/route';
import { ErrorDocsRoute } from './routes/docs/route';
import { EventProofRoute } from './routes/event-proof/route';
import { ExportEventsRoute } from './routes/export-events/route';
import { GetEventRoute } from './routes/get-event/route';
import { GetIntegrationRoute } from './routes/get-integration/route';
import { HealthRoute } from './routes/health/route';
import { IntegrationCoverageRoute } from './routes/integration-coverage/route';
import { IntegrationSetupRoute } from './routes/integration-setup/route';
import { ListEventsRoute } from './routes/list-events/route';
import { ListIntegrationsRoute } from './routes/list-integrations/route';
import { ListModelsRoute } from './routes/list-models/route';
import { LogCheckpointRoute } from './routes/log-checkpoint/route';
import { LogConsistencyRoute } from './routes/log-consistency/route';
import { LogPolicyRoute } from './routes/log-policy/route';
import { LogTileRoute } from './routes/log-tile/route';
import { LogVkeyRoute } from './routes/log-vkey/route';
import { ModelTimelineRoute } from './routes/model-timeline/route';
import { PauseIntegrationRoute } from './routes/pause-integration/route';
import { PostEventRoute } from './routes/post-event/route';
import { RegisterIntegrationRoute } from './routes/register-integration/route';
import { RemoveIntegrationRoute } from './routes/remove-integration/route';
import { ResumeIntegrationRoute } from './routes/resume-integration/route';
import { StreamEventsRoute } from './routes/stream-events/route';
import { SyncIntegrationRoute } from './routes/sync-integration/route';
import { TestIntegrationRoute } from './routes/test-integration/route';
import { VerifyEventRoute } from './routes/verify-event/route';

/** In the order in which paths are tried: fixed words before `:id`. */
export const ROUTES = [
  HealthRoute,
  ErrorDocsRoute,
  IntegrationSetupRoute,
  RotateExternalIdRoute,
  RegisterIntegrationRoute,
  ListIntegrationsRoute,
  GetIntegrationRoute,
  IntegrationCoverageRoute,
  ChangeIntegrationRoute,
  RemoveIntegrationRoute,
  TestIntegrationRoute,
  SyncIntegrationRoute,
  PauseIntegrationRoute,
  ResumeIntegrationRoute,
  CreateKeyRoute,
  ListKeysRoute,
  RevokeKeyRoute,
  ChainStatusRoute,
  StreamEventsRoute,
  ExportEventsRoute,
  VerifyEventRoute,
  PostEventRoute,
  ListEventsRoute,
  EventProofRoute,
  GetEventRoute,
  LogCheckpointRoute,
  LogTileRoute,
  LogConsistencyRoute,
  LogVkeyRoute,
  LogPolicyRoute,
  ListModelsRoute,
  ModelTimelineRoute,
] as const;
