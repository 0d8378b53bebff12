namespace Snippets;

internal static class SemaphoreSnippets
{
    public static async Task Permits(ICoordinator coordinator, IOutbox outbox, string text, CancellationToken ct)
    {
        // snippet: semaphore
        var gateway = coordinator.CreateSemaphore("mail-gateway", maxCount: 4);

        await using (var permit = await gateway.AcquireAsync(ct))
        {
            await outbox.SendAsync(text, ct); // at most four of these at a time, over all processes
        }
        // end
    }

    public static async Task Shed(IDistributedSemaphore gateway, IOutbox outbox, string text, CancellationToken ct)
    {
        // snippet: semaphore-try
        await using var permit = await gateway.TryAcquireAsync(TimeSpan.FromMilliseconds(200), ct);
        if (permit is null)
        {
            return; // all four were in use for 200 ms
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, permit.Lost);
        await outbox.SendAsync(text, either.Token);
        // end
    }
}
