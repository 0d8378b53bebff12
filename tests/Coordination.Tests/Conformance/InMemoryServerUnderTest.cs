using Coordination.Backends;
using Coordination.Conformance;
using Coordination.InMemory;

namespace Coordination.Tests.Conformance;

/// <summary>An <see cref="InMemoryServer"/> whose death is played: it freezes, and every connection is refused.</summary>
public sealed class InMemoryServerUnderTest : BackendServer
{
    private readonly FakeTime _time = new();
    private readonly InMemoryServer _server;
    private readonly List<InMemoryConnection> _connections = [];
    private bool _dead;

    public InMemoryServerUnderTest() => _server = new InMemoryServer(_time.Provider);

    public override TestTime Time => _time;

    public override TimeSpan Duration => TimeSpan.FromSeconds(3);

    public override ValueTask<BackendConnection> ConnectAsync()
    {
        var connection = new InMemoryConnection(_server.CreateBackend());
        _connections.Add(connection);
        if (_dead)
        {
            connection.Refuse();
        }

        return new(connection);
    }

    public override async ValueTask<Worker> StartWorkerAsync(TimeSpan duration) => new InProcessWorker(this, await ConnectAsync(), duration);

    public override ValueTask<long> CountRequestsAsync() => new(Enum.GetValues<InMemoryOperation>().Sum(_server.CountOf));

    public override ValueTask FreezeAsync()
    {
        _server.Freeze();
        return ValueTask.CompletedTask;
    }

    public override ValueTask ThawAsync()
    {
        _server.Thaw();
        return ValueTask.CompletedTask;
    }

    public override ValueTask KillAsync()
    {
        _dead = true;
        _server.Freeze(); // the dead expire nobody
        _connections.ForEach(connection => connection.Refuse());
        return ValueTask.CompletedTask;
    }

    public override ValueTask RestartAsync(bool keepData)
    {
        _dead = false;
        if (!keepData)
        {
            _server.ExpireSessions();
        }

        _server.Thaw();
        _connections.ForEach(connection => connection.Welcome());
        return ValueTask.CompletedTask;
    }

    public override ValueTask StepClockAsync(TimeSpan step) =>
        throw new NotSupportedException("The in-memory server has no wall clock.");

    public override ValueTask DeleteClaimAsync(ClaimKey claim)
    {
        Assert.True(_server.RemoveClaim(claim.Resource, claim.Id));
        return ValueTask.CompletedTask;
    }

    public override ValueTask ExpireSessionAsync(IBackendSession session, IReadOnlyList<ClaimKey> claims)
    {
        _server.ExpireSessionOf(claims[0].Id);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _server.Thaw();
        return ValueTask.CompletedTask;
    }
}
