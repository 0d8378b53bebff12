using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Coordination.Conformance;
using Coordination.Redis.Tests.Servers;
using PuppeteerSharp;

namespace Coordination.Ecosystem.Tests.Samples;

/// <summary>The page of the Web sample, as somebody sees it who has two instances on one machine and looks at both.</summary>
public sealed partial class WebPageTests
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(20);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 240_000)]
    public async Task The_page_shows_live_who_leads_holds_and_waits_and_follows_when_the_leader_is_stopped()
    {
        var ct = TestContext.Current.CancellationToken;
        var chromium = Browser();
        Missing.SkipIf(chromium is null, "chromium");
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        await using var redis = new RedisServerProcess();
        await redis.StartAsync();
        var (first, second) = (FreePort.Next(), FreePort.Next());
        await using var one = StartWeb(first, redis, "one");
        await one.UntilAsync(() => LeadsAsync(first), ct);
        await using var two = StartWeb(second, redis, "two");

        await using var browser = await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = chromium,
            Args = ["--no-sandbox", "--disable-dev-shm-usage"], // tests run as root, in containers too
            DefaultViewport = new ViewPortOptions { Width = 900, Height = 600 },
        });
        await two.UntilAsync(() => AnswersAsync(second), ct);
        await using var left = await OpenAsync(browser, first);
        await using var right = await OpenAsync(browser, second);

        // Who leads, on both.
        await UntilAsync(left, "#leader", "This instance leads, term [0-9]+; it has made [1-9][0-9]* steps");
        await UntilAsync(right, "#leader", "^one leads");
        await UntilAsync(right, "#locks", @"scheduler\s+one \(token [0-9]+\)\s+two");
        var term = long.Parse(Term().Match(await TextAsync(left, "#leader")).Groups[1].Value);

        // It is live: the leader's steps go up on a page that nobody touches.
        var steps = await TextAsync(left, "#leader");
        await UntilAsync(left, "#leader", $"^(?!{Regex.Escape(steps)})This instance leads");

        // Who holds and who waits, on both pages: a request to the second, and the leader's work, which comes by.
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var held = client.PostAsync(new Uri($"http://localhost:{second}/locks/2?milliseconds=300000"), null, ct);
        await UntilAsync(left, "#locks", @"invoice/2\s+two \(token [0-9]+\)\s+one");
        await UntilAsync(right, "#locks", @"invoice/2\s+two \(token [0-9]+\)\s+one");
        Assert.Equal(HttpStatusCode.OK, await ClickAsync(left, 1));
        await AttachAsync(left, "one leads");

        // The leader is stopped: the other follows at once, with a greater term, and not only when the lease has run out.
        var stopped = Stopwatch.GetTimestamp();
        await one.TerminateAsync(ct);
        await UntilAsync(right, "#leader", "This instance leads, term [0-9]+");
        Assert.InRange(Stopwatch.GetElapsedTime(stopped), TimeSpan.Zero, LeaseDuration / 2);
        Assert.True(long.Parse(Term().Match(await TextAsync(right, "#leader")).Groups[1].Value) > term);
        await UntilAsync(right, "#locks", @"scheduler\s+two \(token [0-9]+\)\s+–");
        await UntilAsync(right, "#error", "^$");

        // The page of an instance that is gone says so, and comes back with it.
        await UntilAsync(left, "#error", ".+");
        await UntilAsync(left, "#leader", "^Not known");
        await using var again = StartWeb(first, redis, "one again");
        await UntilAsync(left, "#leader", "^two leads");
        await UntilAsync(left, "#error", "^$");
        await UntilAsync(left, "#locks", @"scheduler\s+two \(token [0-9]+\)\s+one again");
        await AttachAsync(left, "two leads");
        Assert.False(held.IsCompleted);

        // So does a page whose instance does not reach the server: 503, as it passes.
        await redis.KillAsync();
        await UntilAsync(right, "#error", "^/leader: 503$");
    }

    private static SampleProcess StartWeb(int port, RedisServerProcess redis, string holder) => SampleProcess.StartWeb(
        port,
        "Coordination:Backend=Redis",
        $"Coordination:Redis:Configuration={redis.EndPoint}",
        $"Coordination:LeaseDuration={LeaseDuration}",
        $"Coordination:Holder={holder}");

    private static async Task<IPage> OpenAsync(IBrowser browser, int port)
    {
        var page = await browser.NewPageAsync();
        page.PageError += static (_, error) => TestContext.Current.SendDiagnosticMessage("An error of the page's script: {0}", error.Message);
        await page.GoToAsync($"http://localhost:{port}/");
        return page;
    }

    /// <summary>Clicks on a button that holds a lock for a while, and returns what comes of it.</summary>
    private static async Task<HttpStatusCode> ClickAsync(IPage page, int invoice)
    {
        await page.BringToFrontAsync(); // nobody can click on a page behind another: that would wait for ever
        var response = page.WaitForResponseAsync(response => response.Url.Contains($"/locks/{invoice}?", StringComparison.Ordinal));
        await page.ClickAsync($"button[data-number='{invoice}']");
        return (await response).Status;
    }

    private static async Task AttachAsync(IPage page, string name)
    {
        await page.BringToFrontAsync();
        TestContext.Current.AddAttachment(name, await page.ScreenshotDataAsync(), "image/png");
    }

    private static async Task UntilAsync(IPage page, string selector, string pattern)
    {
        try
        {
            await page.WaitForFunctionAsync(
                "(selector, pattern) => new RegExp(pattern).test(document.querySelector(selector).innerText)",
                new WaitForFunctionOptions { Timeout = 30_000, PollingInterval = 100 },
                selector,
                pattern);
        }
        catch (WaitTaskTimeoutException)
        {
            Assert.Matches(pattern, await TextAsync(page, selector)); // says what is there instead
            throw;
        }
    }

    private static Task<string> TextAsync(IPage page, string selector) =>
        page.EvaluateFunctionAsync<string>("selector => document.querySelector(selector).innerText", selector);

    private static async Task<bool> LeadsAsync(int port)
    {
        using var client = new HttpClient();
        return (await client.GetStringAsync(new Uri($"http://localhost:{port}/leader"), Ct)).Contains("\"isThisInstance\":true", StringComparison.Ordinal);
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri($"http://localhost:{port}/health"), Ct) == "Healthy";
    }

    private static string? Browser() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/bin")
            .SelectMany(static directory => new[] { "chromium", "chromium-browser", "google-chrome" }, Path.Combine)
            .FirstOrDefault(File.Exists);

    [GeneratedRegex("term ([0-9]+)")]
    private static partial Regex Term();
}
