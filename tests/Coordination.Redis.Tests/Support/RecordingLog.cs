using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Coordination.Redis.Tests.Support;

/// <summary>Keeps what is logged.</summary>
public sealed class RecordingLog : ILoggerFactory, ILogger
{
    /// <summary>The events so far.</summary>
    public ConcurrentQueue<(int Id, LogLevel Level, string Text)> Events { get; } = new();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider)
    {
    }

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Events.Enqueue((eventId.Id, logLevel, formatter(state, exception)));

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Waits for an event.</summary>
    /// <param name="ids">Its id, or several: the first that comes.</param>
    /// <returns>The event.</returns>
    public async Task<(int Id, LogLevel Level, string Text)> OfAsync(params int[] ids)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!Events.Any(e => ids.Contains(e.Id)))
        {
            Assert.False(limit.IsCancellationRequested, $"No event {string.Join(" or ", ids)} within 30 s. There were:\n{string.Join('\n', Events)}");
            await Task.Delay(10);
        }

        return Events.First(e => ids.Contains(e.Id));
    }
}
