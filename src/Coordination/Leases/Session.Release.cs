using System.Runtime.CompilerServices;
using Coordination.Backends;

namespace Coordination.Leases;

/// <content>Telling the server that a claim is over, that its value changed, that it moves.</content>
internal sealed partial class Session
{
    /// <summary>Releases a claim with one request.</summary>
    /// <returns><see langword="false"/> when it was not there.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> SendReleaseAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        using var limit = _engine.Limit.Begin(cancellationToken);
        try
        {
            return await Backend.ReleaseAsync(claim, limit.Token).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (HasEnded)
        {
            // The session has ended, and the claim with it.
            return false;
        }
        catch (OperationCanceledException exception) when (limit.TimedOut)
        {
            throw limit.TimeoutError("release", claim.Resource, exception);
        }
    }

    public async ValueTask<bool> SendValueAsync(Claim claim, string value, CancellationToken cancellationToken)
    {
        using var limit = _engine.Limit.Begin(cancellationToken);
        try
        {
            return await Backend.SetValueAsync(claim.Key, value, limit.Token).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (HasEnded)
        {
            return false;
        }
        catch (OperationCanceledException exception) when (limit.TimedOut)
        {
            throw limit.TimeoutError("set value", claim.Key.Resource, exception);
        }
    }

    public async ValueTask<string?> SendDetachAsync(Claim claim, CancellationToken cancellationToken)
    {
        using var limit = _engine.Limit.Begin(cancellationToken);
        try
        {
            return await Backend.DetachAsync(claim.Key, limit.Token).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (HasEnded)
        {
            return null;
        }
        catch (OperationCanceledException exception) when (limit.TimedOut)
        {
            throw limit.TimeoutError("detach", claim.Key.Resource, exception);
        }
    }
}
