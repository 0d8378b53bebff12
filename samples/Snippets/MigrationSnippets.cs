namespace Snippets;

internal static class MigrationSnippets
{
    public static async Task Acquire(ICoordinator coordinator, Func<CancellationToken, Task> workAsync, CancellationToken ct)
    {
        // snippet: migrate-acquire
        await using var lease = await coordinator.CreateLock("invoice/42").TryAcquireAsync(TimeSpan.FromSeconds(5), ct);
        if (lease is null)
        {
            return; // others held it for all of the five seconds
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, lease.Lost); // was: handle.HandleLostToken
        await workAsync(either.Token);
        // end
    }

    public static async Task Several(ICoordinator coordinator, CancellationToken ct)
    {
        // snippet: migrate-several
        await using var first = await coordinator.CreateLock("account/1").AcquireAsync(ct);
        await using var second = await coordinator.CreateLock("account/2").AcquireAsync(ct); // everybody in the same order
        // end
    }

    public static async Task<int> Free(ICoordinator coordinator, int maxCount, CancellationToken ct)
    {
        // snippet: migrate-count
        var status = await coordinator.InspectAsync("mail-gateway", ct);
        var free = Math.Max(0, maxCount - status.Holders.Count);
        // end
        return free;
    }

    public static async Task Upgrade(ICoordinator coordinator, Func<CancellationToken, Task> submitAsync, CancellationToken ct)
    {
        // snippet: migrate-upgrade
        await using var change = await coordinator.CreateLock("cart/7/change").AcquireAsync(ct); // whoever may write takes it first
        await submitAsync(ct); // readers go on meanwhile

        await using (await coordinator.CreateReaderWriterLock("cart/7").WriteLock.AcquireAsync(ct))
        {
            // No reader is here, and nobody has written since the first line.
        }
        // end
    }

    public static async Task Fenced(ICoordinator coordinator, IInvoiceStore store, Invoice invoice, CancellationToken ct)
    {
        // snippet: migrate-fenced
        var exclusive = coordinator.CreateLock("invoice/42", new LeaseOptions { Duration = TimeSpan.FromSeconds(20) });

        await using var lease = await exclusive.TryAcquireAsync(TimeSpan.FromSeconds(10), ct); // no retry time: it waits in a queue
        if (lease is not null)
        {
            await store.SaveAsync(invoice, lease.FencingToken, ct); // the store refuses a token smaller than one it has seen
        }
        // end
    }

    // snippet: migrate-both
    public sealed class BothLocks(Medallion.Threading.IDistributedLockProvider before, ICoordinator coordinator)
    {
        public async Task RunAsync(string name, Func<CancellationToken, Task> workAsync, CancellationToken ct)
        {
            await using var old = await before.CreateLock(name).AcquireAsync(cancellationToken: ct); // the old one first, everywhere
            await using var lease = await coordinator.CreateLock(name).AcquireAsync(ct);
            using var any = CancellationTokenSource.CreateLinkedTokenSource(ct, old.HandleLostToken, lease.Lost);
            await workAsync(any.Token);
        }
    }
    // end

    // snippet: migrate-both-redlock
    public sealed class BothRedlocks(RedLockNet.IDistributedLockFactory before, ICoordinator coordinator)
    {
        private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(30);
        private static readonly TimeSpan Wait = TimeSpan.FromSeconds(10);
        private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

        public async Task<bool> TryRunAsync(string name, Func<CancellationToken, Task> workAsync, CancellationToken ct)
        {
            await using var old = await before.CreateLockAsync(name, Expiry, Wait, Retry, ct); // the old one first, everywhere
            await using var lease = old.IsAcquired ? await coordinator.CreateLock(name).TryAcquireAsync(Wait, ct) : null;
            if (lease is null)
            {
                return false;
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, lease.Lost);
            await workAsync(either.Token);
            return true;
        }
    }
    // end
}
