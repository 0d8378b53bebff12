namespace Snippets;

internal static class ElectionSnippets
{
    // snippet: election-lead
    public static async Task LeadAsync(ICoordinator coordinator, IScheduler scheduler, CancellationToken stopping)
    {
        var election = coordinator.CreateLeaderElection("scheduler");
        while (!stopping.IsCancellationRequested)
        {
            await using var leadership = await election.CampaignAsync("10.0.0.7:8080", stopping);
            using var term = CancellationTokenSource.CreateLinkedTokenSource(stopping, leadership.Lost);
            try
            {
                await scheduler.RunAsync(leadership.FencingToken, term.Token);
            }
            catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
            {
                // The leadership is lost: stand again.
            }
        }
    }
    // end

    public static async Task Follow(ILeaderElection election, CancellationToken ct)
    {
        // snippet: election-observe
        await foreach (var leader in election.ObserveAsync(ct))
        {
            Console.WriteLine(leader is null ? "nobody leads" : $"{leader.Value} leads, term {leader.FencingToken}");
        }
        // end
    }

    public static async Task Ask(ILeaderElection election, CancellationToken ct)
    {
        // snippet: election-ask
        var leader = await election.GetLeaderAsync(ct); // null when nobody leads
        // end
        _ = leader;
    }

    public static async Task Proclaim(ILeadership leadership, CancellationToken ct)
    {
        // snippet: election-proclaim
        await leadership.ProclaimAsync("10.0.0.7:8081", ct);
        // end
    }
}
