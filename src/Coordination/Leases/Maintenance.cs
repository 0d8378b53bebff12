namespace Coordination.Leases;

/// <summary>Calls the backend's maintenance when it is due, one call at a time: the engine keeps the timer, the backend does the work.</summary>
internal sealed class Maintenance : IDisposable
{
    /// <summary>After a maintenance that failed.</summary>
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private readonly Engine _engine;
    private readonly Lock _gate = new();
    private readonly DeadlineTimer _timer;
    private bool _isRunning;
    private bool _isDueAgain;

    public Maintenance(Engine engine)
    {
        _engine = engine;
        _timer = new DeadlineTimer(engine.Clock, Due);
    }

    public void Due()
    {
        lock (_gate)
        {
            if (_isRunning)
            {
                _isDueAgain = true;
                return;
            }

            _isRunning = true;
        }

        _ = RunAsync();
    }

    public void Dispose() => _timer.Dispose();

    private async Task RunAsync()
    {
        bool again;
        do
        {
            TimeSpan? next = AfterFailure;
            if (!_engine.IsDisposed)
            {
                try
                {
                    using var limit = _engine.Limit.Begin(CancellationToken.None);
                    next = await _engine.Backend.MaintainAsync(limit.Token).ConfigureAwait(false);
                }
                catch (Exception exception)
                {
                    _engine.Log.MaintenanceFailed(exception, _engine.Backend.Description.Name);
                }
            }

            lock (_gate)
            {
                again = _isDueAgain && !_engine.IsDisposed;
                _isDueAgain = false;
                _isRunning = again;
            }

            if (!again && next is { } wait && !_engine.IsDisposed)
            {
                _timer.At(_engine.Clock.After(wait));
            }
        }
        while (again);
    }
}
