"""data/report.html: the packet as one page for a browser, made of its records alone."""

from weighbridge.services.packet_io.report_page.build import PATH as PATH
from weighbridge.services.packet_io.report_page.render import page as page
