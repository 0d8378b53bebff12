using Microsoft.Extensions.Logging;

namespace Coordination.ZooKeeper.Client;

/// <summary>
/// Looks for a server that takes a session: one after another in a random order, names resolved anew in each round, and a pause with jitter after a round without success, so
/// that clients that lost the same server do not come back in step.
/// </summary>
internal sealed class ZooKeeperRounds(ZooKeeperClientOptions options, ZooKeeperEndpoints endpoints, ZooKeeperConnector connector, ILogger logger)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestAttempt = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortestAttempt = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongLife = TimeSpan.FromSeconds(10);

    private ZooKeeperServer? _last;
    private int _barren;

    /// <summary>What the last attempt failed with; <see langword="null"/> after a success.</summary>
    public Exception? LastError { get; private set; }

    /// <summary>
    /// A connection has ended. Servers that take the session and hang up soon, or without having answered anything, are not stormed: after one such connection the next server is asked at once, after two in a row there is a
    /// pause. Two clients that have the same session would otherwise take it away from each other as fast as they can connect.
    /// </summary>
    /// <param name="connection">The connection.</param>
    public void Ended(ZooKeeperConnection connection)
    {
        // More than the longest pause before it, which the other client of a session may have taken.
        var isShort = connection.Lived < Min(connection.Session.Timeout / 3, LongLife);
        _barren = isShort || connection.LastZxid == 0 ? _barren + 1 : 0;
    }

    /// <summary>Looks until one is found.</summary>
    /// <param name="request">The session.</param>
    /// <param name="timeout">Its time-out.</param>
    /// <param name="roundFailed">Told of each round without success. What it throws ends the search.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="ZooKeeperException">The session has ended, or the credentials were refused.</exception>
    public async Task<ZooKeeperConnection> ConnectAsync(
        ZooKeeperConnectRequest request, TimeSpan timeout, Action<ZooKeeperException> roundFailed, CancellationToken cancellationToken)
    {
        if (_barren > 1)
        {
            await PauseAsync(Min(FirstPause * Math.Pow(2, Math.Min(_barren, 10) - 2), LongestPause), timeout, cancellationToken).ConfigureAwait(false);
        }

        for (var pause = FirstPause; ; pause = Min(2 * pause, LongestPause))
        {
            var reasons = new List<string>();
            var servers = await endpoints.ResolveAsync(
                _last, (host, exception) => Failed(host, exception, reasons), Limit(timeout), options.TimeProvider, cancellationToken).ConfigureAwait(false);
            foreach (var server in servers)
            {
                try
                {
                    var connection = await connector.OpenAsync(server, request, Limit(timeout), cancellationToken).ConfigureAwait(false);
                    _last = server;
                    LastError = null;
                    return connection;
                }
                catch (Exception exception) when (exception is not ZooKeeperException && !cancellationToken.IsCancellationRequested)
                {
                    Failed(server, exception, reasons);
                }
                catch (Exception exception) when (exception is not (ZooKeeperException or OperationCanceledException))
                {
                    // It failed just when it was not wanted any more: whoever stopped it is not told of that.
                    throw new OperationCanceledException(exception.Message, exception, cancellationToken);
                }
            }

            var reason = $"None of the ZooKeeper servers '{options.ConnectionString}' could be reached: {string.Join("; ", reasons)}.";
            var failure = new ZooKeeperException(ZooKeeperErrorCode.ConnectionLoss, reason, LastError);
            LastError = failure;
            ZooKeeperClientLog.OutOfReach(logger, request.SessionId, reason);
            roundFailed(failure);

            await PauseAsync(pause, timeout, cancellationToken).ConfigureAwait(false);
        }
    }

    // A short session must not end in a pause.
    private Task PauseAsync(TimeSpan pause, TimeSpan timeout, CancellationToken cancellationToken) =>
        Task.Delay(Min(pause, timeout / 10) * (0.5 + (Random.Shared.NextDouble() / 2)), options.TimeProvider, cancellationToken);

    private TimeSpan Limit(TimeSpan timeout)
    {
        if (options.ConnectTimeout is { } given)
        {
            return given;
        }

        var limit = Min(LongestAttempt, timeout / Math.Max(3, endpoints.Count));
        return limit > ShortestAttempt ? limit : ShortestAttempt;
    }

    private void Failed(object server, Exception exception, List<string> reasons)
    {
        LastError = exception;
        reasons.Add($"{server}: {exception.Message.TrimEnd('.')}");
        ZooKeeperClientLog.ServerFailed(logger, server, exception.Message);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
