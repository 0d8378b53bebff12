using Coordination.Backends;

namespace Coordination.Conformance;

/// <summary>A process under test: a coordinator on a connection of its own, and the faults that can befall it.</summary>
public sealed class Client : IAsyncDisposable
{
    private readonly BackendServer _server;

    public Client(BackendServer server, BackendConnection connection, CoordinatorOptions options)
    {
        _server = server;
        Connection = connection;
        Faults = new FaultyBackend(connection.Backend);
        Clock = new StallableTime(server.Time.Provider);
        Coordinator = new Coordinator(Faults, options, Clock);
    }

    public Coordinator Coordinator { get; }

    /// <summary>Faults of the way to the server.</summary>
    public BackendConnection Connection { get; }

    /// <summary>Faults of single calls, to the letter of the SPI; and their counts.</summary>
    public FaultyBackend Faults { get; }

    /// <summary>The process's clock, whose timers can be made late.</summary>
    public StallableTime Clock { get; }

    /// <summary>Whether an acknowledged renewal proves only the one before it, so that less of a duration is guaranteed.</summary>
    public bool ProvesPreviousRequest => Faults.Description.Evidence == RenewalEvidence.PreviousRequest;

    /// <summary>The process stops being heard, for good: to the others it looks dead.</summary>
    public void Vanish() => Connection.Cut();

    /// <summary>Who holds a name and who waits for it. A look is made again when it fails for a fault that passes.</summary>
    public Task<ResourceStatus> InspectAsync(string name) =>
        _server.Time.EventuallyAsync(() => Coordinator.InspectAsync(name, TestContext.Current.CancellationToken), TimeSpan.FromSeconds(10));

    /// <summary>The first holders and waiters of a name, by value.</summary>
    public async Task<(string[] Holders, string[] Waiters)> QueueAsync(string name)
    {
        var status = await InspectAsync(name);
        return ([.. status.Holders.Select(claim => claim.Value)], [.. status.Waiters.Select(claim => claim.Value)]);
    }

    public async ValueTask DisposeAsync()
    {
        Clock.Resume();
        Connection.Restore(); // so that the disposal need not wait for time-outs
        await Coordinator.DisposeAsync();
        await Connection.DisposeAsync();
    }

    public override string ToString() => $"client of {_server}";
}
