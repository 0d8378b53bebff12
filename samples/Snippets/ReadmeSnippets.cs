namespace Snippets;

internal static class ReadmeSnippets
{
    public static async Task FirstLook(ICoordinator locks, IInvoiceStore store, Invoice invoice, CancellationToken ct)
    {
        // snippet: first-look
        await using var lease = await locks.CreateLock("invoice/42").AcquireAsync(ct);
        await store.SaveAsync(invoice, lease.FencingToken, ct); // the store refuses a token smaller than one it has seen
        // end
    }

    public static async Task Everything(ICoordinator coordinator, CancellationToken ct)
    {
        // snippet: all-primitives
        var exclusive = coordinator.CreateLock("invoice/42");
        var shared = coordinator.CreateReaderWriterLock("price-list").ReadLock;
        var limited = coordinator.CreateSemaphore("mail-gateway", maxCount: 4);
        var election = coordinator.CreateLeaderElection("scheduler");

        await using var lease = await exclusive.AcquireAsync(ct);                               // waits
        await using var reader = await shared.AcquireAsync(TimeSpan.FromSeconds(10), ct);       // or TimeoutException
        await using var permit = await limited.TryAcquireAsync(TimeSpan.FromSeconds(1), ct);    // or null
        await using var leadership = await election.CampaignAsync("10.0.0.7:8080", ct);         // waits to be elected
        // end
    }
}
