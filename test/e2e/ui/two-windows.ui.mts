import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { daemonIn, daemonStatus, until } from '../host/daemon.mts';
import { type Session, startSession } from '../host/session.mts';

describe('two windows', () => {
  let session: Session;
  before(async () => {
    session = await startSession();
  });
  after(() => session?.stop());

  it('share one daemon, which goes on when one of them closes', async () => {
    const { home } = session.sandbox;
    const editors = async (count: number) => (await daemonStatus(home)).editors === count;
    const first = await session.open();
    const { pid } = await until('a daemon runs', () => daemonIn(home));
    await session.open();
    await until('both windows are connected', () => editors(2));
    await first.close();
    await until('one window is connected', () => editors(1));
    assert.equal((await daemonIn(home))?.pid, pid);
  });
});
