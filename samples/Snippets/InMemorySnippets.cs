using Coordination.InMemory;

namespace Snippets;

internal static class InMemorySnippets
{
    public static async Task InMemoryWithoutContainer()
    {
        // snippet: in-memory
        var server = new InMemoryServer();
        await using var one = new Coordinator(server.CreateBackend());
        await using var other = new Coordinator(server.CreateBackend()); // sees what the first one holds, as another process would
        // end
    }

    public static async Task LoseALease(CancellationToken ct)
    {
        // snippet: lose-a-lease
        var server = new InMemoryServer();
        await using var coordinator = new Coordinator(server.CreateBackend());
        await using var lease = await coordinator.CreateLock("invoice/42").AcquireAsync(ct);

        server.ExpireSessions(); // as a server does that has lost its data
        // lease.State is Lost now, and lease.Lost fires
        // end
    }
}
