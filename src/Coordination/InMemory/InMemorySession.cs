using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>The client's end of a session: names what is asked, and takes the hints.</summary>
internal sealed class InMemorySession(InMemoryBackend connection, StoredSession stored, ISessionListener listener)
    : Subscriber(connection), IBackendSession
{
    /// <summary>The server's end: its state is read and written under the server's lock only.</summary>
    public StoredSession Stored { get; } = stored;

    public TimeSpan Duration => Stored.Duration;

    public ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) =>
        Connection.SendAsync(
            For(InMemoryOperation.Claim, request.Key),
            (Session: Stored, request),
            static (store, call) => store.Claim(call.Session, call.request),
            cancellationToken);

    public ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken) =>
        Connection.SendAsync(
            For(InMemoryOperation.Release, claim),
            (Session: Stored, claim),
            static (store, call) => store.Release(call.Session, call.claim),
            cancellationToken);

    public ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken) =>
        Connection.SendAsync(
            For(InMemoryOperation.SetValue, claim),
            (Session: Stored, claim, value),
            static (store, call) => store.SetValue(call.Session, call.claim, call.value),
            cancellationToken);

    public ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken) =>
        Connection.SendAsync(
            new InMemoryRequest(InMemoryOperation.Renew, string.Empty, string.Empty),
            (Session: Stored, claims),
            static (store, call) => store.Renew(call.Session, call.claims),
            cancellationToken);

    public async ValueTask<string?> DetachAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        var isDetached = await Connection.SendAsync(
            For(InMemoryOperation.Detach, claim),
            (Session: Stored, claim),
            static (store, call) => store.Detach(call.Session, call.claim),
            cancellationToken).ConfigureAwait(false);
        return isDetached ? new SessionTicket(Connection.Server.Id, Stored.Number).ToString() : null;
    }

    public async ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken) =>
        await Connection.SendAsync(
            new InMemoryRequest(InMemoryOperation.EndSession, string.Empty, string.Empty),
            Stored,
            static (store, session) =>
            {
                store.End(session);
                return true;
            },
            cancellationToken).ConfigureAwait(false);

    public ValueTask DisposeAsync()
    {
        // What is left at the server ends by itself.
        Close();
        return ValueTask.CompletedTask;
    }

    protected override void Receive(in Hint hint)
    {
        switch (hint.Kind)
        {
            case HintKind.Granted:
                listener.OnGranted(hint.ClaimId!, hint.Token);
                break;
            case HintKind.ClaimLost:
                listener.OnClaimLost(hint.ClaimId!);
                break;
            case HintKind.SessionLost:
                listener.OnSessionLost();
                break;
            default:
                listener.OnChanged(null);
                break;
        }
    }

    private static InMemoryRequest For(InMemoryOperation operation, ClaimKey claim) =>
        new(operation, claim.Resource, claim.Id);
}
