namespace Snippets;

internal static class LockSnippets
{
    public static async Task Waiting(ICoordinator coordinator, Func<CancellationToken, Task> workAsync, CancellationToken ct)
    {
        // snippet: lock-wait
        var exclusive = coordinator.CreateLock("report/2026-11");

        await using (var lease = await exclusive.AcquireAsync(ct))
        {
            await workAsync(ct);
        }
        // end

        // snippet: lock-try
        await using var free = await exclusive.TryAcquireAsync(ct); // one attempt; null when others hold it or wait for it
        if (free is null)
        {
            return;
        }
        // end
    }

    public static async Task Budget(IDistributedLock exclusive, CancellationToken ct)
    {
        // snippet: lock-budget
        try
        {
            await using var lease = await exclusive.AcquireAsync(TimeSpan.FromSeconds(10), ct);
        }
        catch (TimeoutException)
        {
            // Others held it for all of the ten seconds.
        }
        catch (CoordinationException exception) when (exception.IsTransient)
        {
            // The server could not be asked. Nothing is known about who holds it.
        }
        // end
    }

    public static async Task Run(IDistributedLock exclusive, IInvoiceStore store, Invoice invoice, CancellationToken ct)
    {
        // snippet: lock-run
        await exclusive.RunAsync(
            async (lease, token) => await store.SaveAsync(invoice, lease.FencingToken, token), // token: yours, or the lease is lost
            ct);
        // end
    }

    public static async Task ReaderWriter(ICoordinator coordinator, CancellationToken ct)
    {
        // snippet: reader-writer
        var prices = coordinator.CreateReaderWriterLock("price-list");

        await using (await prices.ReadLock.AcquireAsync(ct))
        {
            // Other readers may be here too; no writer is.
        }

        await using (await prices.WriteLock.AcquireAsync(ct))
        {
            // Nobody else is here.
        }
        // end
    }

    public static async Task Look(ICoordinator coordinator, CancellationToken ct)
    {
        // snippet: inspect
        var status = await coordinator.InspectAsync("report/2026-11", ct);
        foreach (var holder in status.Holders)
        {
            Console.WriteLine($"{holder.Value} holds it with token {holder.FencingToken}; {status.Waiters.Count} wait");
        }
        // end
    }
}
