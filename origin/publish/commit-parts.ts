import type { Remote } from '../../shared/process/thread.ts';
import type { AliasCalls } from '../catalog/alias-calls.ts';
import type { DeployCalls, DeployReads } from '../catalog/deploy-calls.ts';
import type { PublishCalls } from '../catalog/publish-calls.ts';
import type { RevisionReads } from '../catalog/revision-calls.ts';
import type { RolloutCalls } from '../catalog/rollout-calls.ts';
import type { SiteCalls, SiteReads } from '../catalog/site-calls.ts';
import type { StagingCalls } from '../catalog/staging-calls.ts';
import type { SiteLock } from './site-lock.ts';
import type { SyncParts } from './sync-publish.ts';

export interface CommitParts extends Omit<SyncParts, 'catalog'> {
  readonly catalog: SyncParts['catalog'] &
    Remote<SiteReads & RevisionReads & StagingCalls & DeployReads> &
    Pick<Remote<SiteCalls>, 'deleteSite'> &
    Pick<Remote<PublishCalls>, 'reveal'> &
    Remote<AliasCalls> &
    Pick<Remote<RolloutCalls>, 'openRollouts' | 'endRollout'> &
    Pick<Remote<DeployCalls>, 'finishDeploy'>;
  readonly sites: SiteLock;
}
