using Coordination.Backends;

namespace Coordination.Leases;

/// <content>The ways in which a session ends.</content>
internal sealed partial class Session
{
    /// <summary>Drops a session that is lost: nothing is sent, since it is not there any more or will end by itself.</summary>
    public void EndLost(string reason)
    {
        if (End(out var claims))
        {
            _engine.Log.SessionLost(_engine.Backend.Description.Name, Duration, reason);
            foreach (var claim in claims)
            {
                if (claim.State == ClaimState.Lost)
                {
                    TellLost(claim, reason);
                }
            }

            _ = DisposeBackendAsync();
        }
    }

    /// <summary>Leaves the session at the server for another process to take over.</summary>
    public void Leave()
    {
        if (End(out _))
        {
            _ = DisposeBackendAsync();
        }
    }

    /// <summary>Ends the session at the server, with all that is left in it, within the operation timeout.</summary>
    public async Task CloseAsync()
    {
        if (!End(out var claims))
        {
            return;
        }

        var keys = new List<ClaimKey>(_owed.Take());
        foreach (var claim in claims)
        {
            keys.Add(claim.Key);
            if (claim.State == ClaimState.Lost)
            {
                TellLost(claim, "the coordinator was disposed");
            }
        }

        try
        {
            using var limit = _engine.Limit.Begin(CancellationToken.None);
            await Backend.EndAsync(keys, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is CoordinationException or OperationCanceledException or ObjectDisposedException)
        {
            _engine.Log.SessionNotEnded(exception, _engine.Backend.Description.Name, Duration);
        }

        await DisposeBackendAsync().ConfigureAwait(false);
    }

    /// <summary>A session of one lease has nothing to live for once its claim is gone.</summary>
    public void CloseIfOwned()
    {
        bool isEmpty;
        lock (_gate)
        {
            isEmpty = IsOwned && !_isEnded && _claims.Count == 0;
        }

        if (isEmpty)
        {
            _ = CloseAsync();
        }
    }

    private void Abort()
    {
        End(out _);
    }

    /// <summary>Turns what is held into lost and what waits into gone, once.</summary>
    private bool End(out List<Claim> claims)
    {
        lock (_gate)
        {
            claims = [];
            if (_isEnded)
            {
                return false;
            }

            _isEnded = true;
            foreach (var claim in _claims.Values)
            {
                claims.Add(claim);
                if (claim.State == ClaimState.Held)
                {
                    claim.Lose(TimeSpan.MaxValue);
                }
                else if (claim.State is ClaimState.Entering or ClaimState.Waiting)
                {
                    claim.Finish(ClaimState.Gone);
                    claim.Wake();
                }
            }

            // Those that were lost before have been told already.
            claims.RemoveAll(static claim => claim.State == ClaimState.Lost && claim.IsTold);
            _claims.Clear();
        }

        _timer.Dispose();
        _engine.Sessions.Remove(this);
        ThreadPool.UnsafeQueueUserWorkItem(static ended => ended.Cancel(), _ended, preferLocal: false);
        return true;
    }

    private async Task DisposeBackendAsync()
    {
        try
        {
            if (Backend is { } backend)
            {
                await backend.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            _engine.Log.SessionNotEnded(exception, _engine.Backend.Description.Name, Duration);
        }
    }
}
