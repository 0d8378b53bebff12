using Coordination.Backends;

namespace Coordination.Conformance;

/// <summary>A server under test: what suites do to it, and what they may expect of it.</summary>
public abstract class BackendServer : IAsyncDisposable
{
    /// <summary>The clock of the server and of its clients.</summary>
    public abstract TestTime Time { get; }

    /// <summary>The unit of the suites' time: a session's duration where expiry is awaited.</summary>
    public abstract TimeSpan Duration { get; }

    /// <summary>How much later than its duration the server may end a session (etcd and ZooKeeper look now and then).</summary>
    public virtual TimeSpan Granularity => TimeSpan.Zero;

    /// <summary>What "at once" may take here, with a loaded machine in mind. Zero on a fake clock.</summary>
    public virtual TimeSpan Latency => Time.IsFake ? TimeSpan.Zero : TimeSpan.FromSeconds(2);

    /// <summary>Whether opening a session sends nothing, because sessions are nothing but their claims: then it cannot fail for the server's sake.</summary>
    public virtual bool OpensSessionsLocally => false;

    /// <summary>How many requests at the server one renewal of so many claims may cost. Batches of a fixed size by default; a sharded server says what it can batch.</summary>
    /// <param name="claims">How many.</param>
    public virtual double MostRenewalRequests(int claims) => claims <= 10 ? 2 : (claims / 50.0) + 1;

    /// <summary>How many requests at the server one renewal is whose few claims are all of one resource.</summary>
    public virtual int RequestsPerRenewal => 1;

    public abstract ValueTask<BackendConnection> ConnectAsync();

    /// <summary>Starts a process that works on this server; see <see cref="WorkerLoop"/> for what it understands.</summary>
    /// <param name="duration">Of its leases.</param>
    public abstract ValueTask<Worker> StartWorkerAsync(TimeSpan duration);

    /// <summary>How many requests the server has answered for clients so far: scripts run, transactions, proposals. Pings do not count.</summary>
    public abstract ValueTask<long> CountRequestsAsync();

    /// <summary>The server stops answering but keeps its connections (SIGSTOP). Its clock goes on.</summary>
    public abstract ValueTask FreezeAsync();

    public abstract ValueTask ThawAsync();

    /// <summary>The server dies (SIGKILL).</summary>
    public abstract ValueTask KillAsync();

    /// <summary>The server starts again after <see cref="KillAsync"/>, at the same address.</summary>
    /// <param name="keepData">Whether it knows what it knew.</param>
    public abstract ValueTask RestartAsync(bool keepData);

    /// <summary>Steps the server's wall clock, by which some servers count.</summary>
    public abstract ValueTask StepClockAsync(TimeSpan step);

    /// <summary>Somebody removes a claim by hand at the server, past the backend.</summary>
    public abstract ValueTask DeleteClaimAsync(ClaimKey claim);

    /// <summary>Somebody ends a session by hand at the server, past the backend.</summary>
    /// <param name="session">The session.</param>
    /// <param name="claims">Its claims, for servers whose sessions are nothing but their claims.</param>
    public abstract ValueTask ExpireSessionAsync(IBackendSession session, IReadOnlyList<ClaimKey> claims);

    public abstract ValueTask DisposeAsync();
}
