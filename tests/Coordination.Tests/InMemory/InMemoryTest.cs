using Coordination.Backends;
using Coordination.InMemory;
using Microsoft.Extensions.Time.Testing;

namespace Coordination.Tests.InMemory;

/// <summary>A server on a fake clock, one connection to it, and short ways to ask.</summary>
public abstract class InMemoryTest
{
    protected const string Resource = "invoice/42";

    protected static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);

    private protected InMemoryTest()
    {
        Time = new FakeTimeProvider();
        Server = new InMemoryServer(Time);
        Connection = Server.CreateBackend();
    }

    private protected FakeTimeProvider Time { get; }

    private protected InMemoryServer Server { get; }

    private protected InMemoryBackend Connection { get; }

    private protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    private protected Task<IBackendSession> OpenAsync(
        RecordingListener? listener = null, InMemoryBackend? on = null, TimeSpan? duration = null, string? ticket = null) =>
        (on ?? Connection).OpenSessionAsync(
            new SessionRequest(duration ?? Duration) { Ticket = ticket }, listener ?? new RecordingListener(), Ct).AsTask();

    private protected static Task<ClaimResult> ClaimAsync(
        IBackendSession session,
        string id,
        ClaimMode mode = ClaimMode.Exclusive,
        int limit = 1,
        ClaimIntent intent = ClaimIntent.Queue,
        string resource = Resource,
        CancellationToken? cancellationToken = null) =>
        session.ClaimAsync(new ClaimRequest(Key(id, resource), mode, limit, "value of " + id) { Intent = intent }, cancellationToken ?? Ct).AsTask();

    private protected static Task<bool> ReleaseAsync(IBackendSession session, string id, string resource = Resource) =>
        session.ReleaseAsync(Key(id, resource), Ct).AsTask();

    private protected static Task<RenewalResult> RenewAsync(IBackendSession session, params string[] ids) =>
        session.RenewAsync([.. ids.Select(static id => Key(id))], Ct).AsTask();

    private protected static ClaimKey Key(string id, string resource = Resource) => new(resource, id);

    /// <summary>The queue in short: holders, a bar, waiters. Asked over a connection of its own, which no fault reaches.</summary>
    private protected async Task<string> QueueAsync(string resource = Resource)
    {
        var queue = await Server.CreateBackend().InspectAsync(resource, holdersOnly: false, Ct);
        return $"{string.Join(' ', queue.Holders.Select(static c => c.Id))} | {string.Join(' ', queue.Waiters.Select(static c => c.Id))}".Trim();
    }
}
